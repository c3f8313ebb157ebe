package plan

import (
	"strings"
	"sync"

	"rennsteig/platform/i18n"
)

// headingNames are the columns by what tables may call them: their names, and the words of the pages in each language.
var headingNames = sync.OnceValue(func() map[string]string {
	texts := i18n.New()
	if err := texts.Add(Files); err != nil {
		panic(err) // they are part of the program, and were read when it started
	}
	out := map[string]string{}
	for _, c := range columns {
		out[c] = c
		for _, lang := range []i18n.Lang{i18n.German, i18n.English} {
			out[folded(texts.T(lang, "plan.col."+c))] = c
		}
	}
	return out
})

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")

// folded is a heading as it is compared: in small letters, umlauts in two.
func folded(heading string) string { return umlauts.Replace(strings.ToLower(oneLine(heading))) }

// headingsIn are the columns as people call them; t has the words.
func headingsIn(t func(key string, args ...any) string) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = t("plan.col." + c)
	}
	return out
}
