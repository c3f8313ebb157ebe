package leika

import "testing"

func TestParse(t *testing.T) {
	for _, s := range []string{"", "9911500510400", "991150051040011", "98115005104001", "9911500510400a", "९९115005104001"} {
		if _, err := Parse(s); err == nil {
			t.Errorf("Parse(%q): no error", s)
		}
	}
	k, err := Parse("99115005104001")
	if err != nil {
		t.Fatal(err)
	}
	if k.Group() != "115" || k.ObjectPrefix() != "99115005" || k.ProcedurePrefix() != "99115005104" ||
		k.Procedure() != "104" || k.Detail() != "001" {
		t.Errorf("parts of %s are wrong", k)
	}
}

func TestKind(t *testing.T) {
	for s, want := range map[Key]Kind{
		"99115005000000": Object, "99115005104000": ObjectProcedure, "99115005104001": Detailed,
		"99050122169001": Detailed,
	} {
		if got := s.Kind(); got != want {
			t.Errorf("%s: %s, want %s", s, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	k := Key("99115005104001")
	for pattern, want := range map[string]bool{
		"99115005104001": true, "99115005*": true, "*": true, "99115005104000": false, "99115006*": false, "99115005": false,
	} {
		if got := k.Match(pattern); got != want {
			t.Errorf("Match(%q) = %v", pattern, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("99115005104001")
	f.Fuzz(func(t *testing.T, s string) {
		if k, err := Parse(s); err == nil && string(k) != s {
			t.Errorf("Parse(%q) = %q", s, k)
		}
	})
}
