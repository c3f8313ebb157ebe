package filing

import "strings"

// oneLine is a text without line ends and what cannot be stored.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, " "), "\x00", " ")), " ")
}
