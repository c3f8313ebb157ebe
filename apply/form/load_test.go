package form_test

import (
	"os"
	"testing"

	"rennsteig/apply/form"
)

func load(t testing.TB) *form.Forms {
	t.Helper()
	forms, err := form.Load(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	return forms
}

func TestRealFormsLoad(t *testing.T) {
	want := map[string]string{"hund-anmelden": "99110009104000", "meldebescheinigung": "99115003012000", "gewerbe-anmelden": "99050012104000"}
	forms := load(t)
	for id, key := range want {
		if d := forms.Current(id); d == nil || d.LeikaKey != key || forms.ForService(key) != d || forms.Version(id, d.Version) != d {
			t.Errorf("%s: want a current form for service %s", id, key)
		}
	}
	if len(forms.All()) != len(want) {
		t.Errorf("%d forms, want %d", len(forms.All()), len(want))
	}
}
