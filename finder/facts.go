package finder

import (
	"crypto/sha256"
	"embed"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"rennsteig/platform/db"
	"rennsteig/platform/german"
	"rennsteig/platform/i18n"
	"rennsteig/standards/ars"
	"rennsteig/standards/leika"
)

//go:embed facts/*.csv facts/*.tsv facts/*.txt
var factFiles embed.FS

// elsewhere are the folded words of facts/elsewhere.txt.
var elsewhere = func() map[string]bool {
	b, err := factFiles.ReadFile("facts/elsewhere.txt")
	if err != nil {
		panic(err) // embedded: cannot happen
	}
	m := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "#") {
			for _, w := range strings.Fields(line) {
				m[german.Fold(w)] = true
			}
		}
	}
	return m
}()

// thuringia is the Land whose facts are built in.
const thuringia = "160000000000"

// facts are the rows of the tables, as the built-in files give them.
type facts struct {
	areas       []Area
	postcodes   [][2]string // postcode, ARS
	authorities []Authority
	services    []Service
	assignments []assignment
	synonyms    []synonym
}

// factsHash changes whenever a built-in fact, or the way it is read, does.
func factsHash() (string, error) {
	const format = "2" // raise when the same files shall be loaded again
	h := sha256.New()
	h.Write([]byte(format))
	err := fs.WalkDir(factFiles, "facts", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := factFiles.ReadFile(path)
		h.Write([]byte(path))
		h.Write(b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

func readFacts() (*facts, error) {
	f := &facts{}
	for _, read := range []func() error{f.readMunicipalities, f.readPostcodes, f.readOffices, f.readServices, f.readAssignments, f.readSynonyms} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// rows reads a file with a header line, or a comment line in its place.
func rows(name string, comma rune, columns int) ([][]string, error) {
	file, err := factFiles.Open("facts/" + name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	r := csv.NewReader(file)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = comma, true, columns
	r.Comment = '#'
	all, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("facts/%s: %w", name, err)
	}
	return all, nil
}

// Verband types of the GV100AD.
const (
	typeAssociation = "54" // Verwaltungsgemeinschaft
	typeActing      = "58" // erfüllende Gemeinde
	typeCity        = "61" // of municipalities: kreisfreie Stadt
)

func (f *facts) readMunicipalities() error {
	all, err := rows("gemeinden_thueringen.csv", ';', 14)
	if err != nil {
		return err
	}
	f.areas = append(f.areas, Area{ARS: string(ars.Germany), Name: "Deutschland", ShortName: "Deutschland", Kind: Federation},
		Area{ARS: thuringia, Name: "Thüringen", ShortName: "Thüringen", Kind: State, Parent: string(ars.Germany)})
	big, err := rows("big_towns.tsv", '\t', 3)
	if err != nil {
		return err
	}
	bigTowns := map[string]bool{}
	for _, row := range big {
		bigTowns[row[0]] = true
	}
	above := map[string]bool{}
	for _, row := range all[1:] {
		key, err := ars.Parse(row[0])
		if err != nil {
			return err
		}
		since, err := time.ParseInLocation("20060102", row[13], i18n.Berlin)
		if err != nil {
			return err
		}
		population, err := strconv.Atoi(row[5])
		if err != nil {
			return err
		}
		district := string(key.District())
		a := Area{ARS: row[0], Name: row[2], ShortName: shortName(row[2]), Kind: Municipality, Parent: district,
			Postcode: row[6], Population: population, ValidFrom: db.Micros(since), BigTown: bigTowns[row[1]]}
		switch {
		case row[3] == typeCity:
			a.Kind, a.Parent = City, thuringia
		case row[9] == typeAssociation:
			a.Parent = string(key.Association())
			if !above[a.Parent] {
				above[a.Parent] = true
				name := "Verwaltungsgemeinschaft " + row[8]
				f.area(Area{ARS: a.Parent, Name: name, ShortName: name, Kind: Association, Parent: district, ValidFrom: a.ValidFrom}, name, "")
			}
		case row[9] == typeActing:
			if a.Acting, err = actingMunicipality(all, key.Association(), row[8]); err != nil {
				return err
			}
			if a.Acting == a.ARS {
				a.Acting = ""
			}
		}
		if a.Kind != City && !above[district] {
			above[district] = true
			name := districtName(row[11])
			f.area(Area{ARS: district, Name: name, ShortName: row[11], Kind: District, Parent: thuringia, ValidFrom: a.ValidFrom}, name, row[12])
		}
		f.area(a, municipalityName(a.Name), a.ShortName)
	}
	return nil
}

func (f *facts) area(a Area, name, seat string) {
	f.areas = append(f.areas, a)
	f.authorities = append(f.authorities, Authority{ID: a.ARS, Name: name, Kind: AuthorityKind(a.Kind), Area: a.ARS, Seat: seat, Postcode: a.Postcode})
}

// actingMunicipality finds the municipality after which the Verband is named: it does the work for all of it.
func actingMunicipality(all [][]string, verband ars.Key, name string) (string, error) {
	name = shortName(strings.TrimPrefix(name, "EG "))
	for _, row := range all[1:] {
		if ars.Key(row[0]).Association() == verband && shortName(row[2]) == name {
			return row[0], nil
		}
	}
	return "", fmt.Errorf("facts: no municipality acts for Verband %s (%s)", verband, name)
}

func (f *facts) readPostcodes() error {
	all, err := rows("plz_gemeinde_thueringen.csv", ';', 4)
	if err != nil {
		return err
	}
	seen := map[[2]string]bool{}
	add := func(pair [2]string) {
		if pair[0] != "" && !seen[pair] {
			seen[pair] = true
			f.postcodes = append(f.postcodes, pair)
		}
	}
	for _, row := range all[1:] {
		add([2]string{row[0], row[1]})
	}
	for _, a := range f.areas {
		add([2]string{a.Postcode, a.ARS})
	}
	return nil
}

func (f *facts) readOffices() error {
	all, err := rows("offices.tsv", '\t', 6)
	if err != nil {
		return err
	}
	for _, row := range all {
		area := thuringia
		if AuthorityKind(row[2]) == FederalOffice {
			area = string(ars.Germany)
		}
		f.authorities = append(f.authorities, Authority{ID: row[0], Name: row[1], Kind: AuthorityKind(row[2]), Area: area,
			Seat: row[3], Postcode: row[4], Generic: row[5] == "1"})
	}
	return nil
}

func (f *facts) readServices() error {
	all, err := rows("leika_ozg.tsv", '\t', 7)
	if err != nil {
		return err
	}
	for _, row := range all[1:] {
		if _, err := leika.Parse(row[0]); err != nil {
			return err
		}
		f.services = append(f.services, Service{Key: row[0], Name: row[1], Type: row[2], Law: row[3], Bundle: row[4],
			LifeSituation: row[5], Subject: row[6]})
	}
	return nil
}

// readAssignments gives each service the row with the most precise pattern that fits it.
func (f *facts) readAssignments() error {
	all, err := rows("assignments.tsv", '\t', 9)
	if err != nil {
		return err
	}
	offices := map[string]bool{"": true}
	for _, a := range f.authorities {
		offices[a.ID] = true
	}
	type candidate struct {
		pattern string
		row     []string
	}
	var candidates []candidate
	for _, row := range all {
		if !offices[row[3]] || !offices[row[4]] {
			return fmt.Errorf("facts/assignments.tsv: %s: unknown office %q or %q", row[0], row[3], row[4])
		}
		patterns := strings.Split(row[0], ",")
		for _, pattern := range patterns {
			candidates = append(candidates, candidate{pattern, row})
		}
		for term := range strings.SplitSeq(row[8], ";") {
			if term = strings.TrimSpace(term); term != "" { // the everyday words name the first key
				f.synonyms = append(f.synonyms, synonym{Pattern: patterns[0], Term: term})
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return precision(b.pattern) - precision(a.pattern) })
	used := map[string]bool{}
	for i := range f.services {
		s := &f.services[i]
		done := map[Role]bool{}
		for _, c := range candidates {
			role := Role(c.row[1])
			if done[role] || !leika.Key(s.Key).Match(c.pattern) {
				continue
			}
			done[role] = true
			used[c.pattern] = true
			f.assignments = append(f.assignments, assignment{ServiceKey: s.Key, Role: role, Level: Level(c.row[2]),
				Office: c.row[3], Processor: c.row[4], Law: c.row[5], Note: c.row[6]})
			if role == Responsible {
				s.Text = c.row[7]
			}
		}
	}
	for _, c := range candidates {
		if !used[c.pattern] {
			return fmt.Errorf("facts/assignments.tsv: %s fits no service", c.pattern)
		}
	}
	return nil
}

// precision orders patterns: a whole key before the longest prefix.
func precision(pattern string) int {
	if p, ok := strings.CutSuffix(pattern, "*"); ok {
		return len(p)
	}
	return len(pattern) + 1
}

func (f *facts) readSynonyms() error {
	all, err := rows("synonyms.tsv", '\t', 2)
	if err != nil {
		return err
	}
	seen := map[synonym]bool{}
	keep := f.synonyms[:0]
	for _, s := range f.synonyms {
		if k := (synonym{Pattern: s.Pattern, Term: s.Term}); !seen[k] {
			seen[k] = true
			keep = append(keep, s)
		}
	}
	f.synonyms = keep
	words := map[string]int{}
	for _, row := range all {
		for term := range strings.SplitSeq(row[1], ";") {
			s := synonym{Pattern: row[0], Term: strings.TrimSpace(term)}
			if s.Term == "" {
				continue
			}
			if means, ok := strings.CutPrefix(row[0], "="); ok {
				if i, ok := words[s.Term]; ok { // a word may stand for several
					f.synonyms[i].Means += "|" + means
					continue
				}
				words[s.Term] = len(f.synonyms)
				s.Pattern, s.Means = "=", means
			}
			if k := (synonym{Pattern: s.Pattern, Term: s.Term}); !seen[k] {
				seen[k] = true
				f.synonyms = append(f.synonyms, s)
			}
		}
	}
	return nil
}

// synonym is an everyday word or phrase. With a Pattern of keys it names these services; with "=" it stands for the
// words of Means wherever they occur; "|" is between several meanings.
type synonym struct{ Pattern, Term, Means string }
