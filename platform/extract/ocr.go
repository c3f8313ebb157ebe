package extract

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
)

// maxPicture is how many bytes a picture may have.
const maxPicture = 256 << 20

// picture recognises the letters in a picture.
func (e *Extractor) picture(ctx context.Context, d document) (string, How, error) {
	tesseract := e.look("tesseract")
	switch {
	case tesseract == "":
		return "", NotRecognised, nil
	case d.size > maxPicture:
		return "", GaveUp, nil
	}
	return e.recognise(ctx, tesseract, io.NewSectionReader(d.r, 0, d.size), 0)
}

// recognise has tesseract read a picture of so many dots per inch; 0: as the picture says.
func (e *Extractor) recognise(ctx context.Context, tesseract string, picture io.Reader, dpi int) (string, How, error) {
	languages, err := e.languages(ctx, tesseract)
	if err != nil {
		return "", "", err
	}
	args := []string{"stdin", "stdout", "-l", languages}
	if dpi > 0 {
		args = append(args, "--dpi", strconv.Itoa(dpi))
	}
	out, end, err := e.run(ctx, program{path: tesseract, args: args, in: picture, memory: 2 << 30})
	switch {
	case err != nil:
		return "", "", err
	case end == timedOut:
		return "", GaveUp, nil
	case end == failed:
		return "", Damaged, nil
	}
	return strings.ReplaceAll(string(out), "\f", "\n"), Recognised, nil
}

// languages are German and English where tesseract has them, or else what it has.
func (e *Extractor) languages(ctx context.Context, tesseract string) (string, error) {
	out, _, err := e.run(ctx, program{path: tesseract, args: []string{"--list-langs"}})
	if err != nil {
		return "", err
	}
	_, list, _ := strings.Cut(string(out), "\n") // the first line is a heading
	has := strings.Fields(list)
	var use []string
	for _, l := range []string{"deu", "eng"} {
		if slices.Contains(has, l) {
			use = append(use, l)
		}
	}
	if len(use) == 0 {
		use = slices.DeleteFunc(has, func(l string) bool { return l == "osd" || strings.HasPrefix(l, "-") })[:min(1, len(has))]
	}
	return strings.Join(use, "+"), nil
}
