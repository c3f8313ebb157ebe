package ars

import "testing"

func TestLevels(t *testing.T) {
	for k, want := range map[Key]Level{
		"000000000000": Federation, "160000000000": State, "091000000000": Region, "160510000000": District,
		"160610000000": District, "160615001000": Association, "160615001003": Municipality, "160610074074": Municipality,
	} {
		if got := k.Level(); got != want {
			t.Errorf("%s: %s, want %s", k, got, want)
		}
	}
}

func TestParts(t *testing.T) {
	k, err := Parse("160615001003")
	if err != nil {
		t.Fatal(err)
	}
	if k.AGS() != "16061003" || k.State() != "160000000000" || k.District() != "160610000000" || k.Association() != "160615001000" {
		t.Errorf("parts of %s: %s %s %s %s", k, k.AGS(), k.State(), k.District(), k.Association())
	}
}

func FuzzParse(f *testing.F) {
	f.Add("160615001003")
	f.Add("16061003")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := Parse(s)
		if err != nil {
			return
		}
		if k.District().District() != k.District() || len(k.AGS()) != 8 || k.Association().Level() == Municipality {
			t.Errorf("%q: inconsistent parts", s)
		}
	})
}
