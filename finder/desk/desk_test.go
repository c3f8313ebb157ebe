package desk

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/finder"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/web/webtest"
)

func TestPagesFitTheirData(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		if err := d.h.Site.CheckPages(); err != nil {
			t.Error(err)
		}
		if err := d.h.Site.Texts.Check(); err != nil {
			t.Error(err)
		}
	})
}

// One editor drafts, a second one releases, citizens see it: through the pages.
func TestFromDraftToCitizen(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		c := webtest.New(t, d.mux)
		p := c.As(edda).Get("/redaktion").Want(200, "Für Sie liegt nichts an.").Click("Leistungen und ihre Texte").
			Want(200, "4 Leistungen").Fill("Leistung oder Schlüssel", "hund anmelden").Press("Anzeigen").Click("Hundehaltung: Anmeldung").
			Want(200, dog).Press("Entwurf beginnen").Want(200, "Entwurf", "Stammtext (ganzes Land)", "Fassung")
		p.Fill("Name für Bürgerinnen und Bürger", "Hund anmelden <script>").Fill("Kurz gesagt", "Wer einen Hund hält,\nmuss ihn melden.\n\nDas kostet Steuer.").
			Fill("Erforderliche Unterlagen", `<ul><li onclick="x()">Chipnummer</li><li></li></ul><script>alert(1)</script><a href="javascript:x()">böse</a>`).
			Fill("Alltagswörter", "Zamperl\nKläffer | 001").Press("Speichern und Vorschau").
			Want(200, "Gespeichert.", "muss ihn melden.", "Chipnummer").Click("Zurück zum Text").
			Press("Zur Prüfung geben").Want(200, "Der Text liegt zur Prüfung.", "Ihre Texte in Prüfung")
		if p = c.Get("/leistung/" + dog); p.Has("Chipnummer") || strings.Contains(p.Body, "Hund anmelden <") {
			t.Error("citizens see a draft")
		}
		own := c.As(edda).Get("/redaktion").Click("Hundehaltung: Anmeldung").Want(200, "muss sie jemand anderes")
		if own.Has("Text freigeben") {
			t.Error("the author is offered the release")
		}
		c.As(emil).Get("/redaktion").Want(200, "Zu prüfen und freizugeben", "Edda Redlich").Click("Hundehaltung: Anmeldung").
			Want(200, "alles ist neu", "Chipnummer", "Zamperl").Press("Text freigeben").Want(200, "Der Text ist freigegeben.")
		must(t, d.f.Refresh(context.Background()))
		p = c.Get("/leistung/"+dog).Want(200, "Hund anmelden", "muss ihn melden.", "Erforderliche Unterlagen", "Chipnummer")
		for _, bad := range []string{"onclick", "<script", "javascript:", "alert(1)"} {
			if strings.Contains(withoutData(p.Body), bad) {
				t.Errorf("the page has %q", bad)
			}
		}
		for _, q := range []string{"zamperl", "Kläffer"} {
			if hits := d.f.Search(q); len(hits) == 0 || hits[0].Service.Key != dog {
				t.Errorf("%s does not find the service", q)
			}
		}
		c.Get("/suche?q=zamperl").Want(200, "Wer einen Hund hält,")
	})
}

// linked is the page's data for search engines: a script element that nothing runs.
var linked = regexp.MustCompile(`(?s)<script type="application/ld\+json">[^<]*</script>`)

func withoutData(body string) string { return linked.ReplaceAllString(body, "") }

func TestStates(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		want := func(err error, code errs.Code, key string) {
			t.Helper()
			if errs.CodeOf(err) != code || code != "" && errs.As(err).Key != key {
				t.Fatalf("got %v, want %s %s", err, code, key)
			}
		}
		v := ok[Version](t)(d.StartDraft(as(edda), stamm))
		again := ok[Version](t)(d.StartDraft(as(emil), stamm))
		if again.ID != v.ID {
			t.Fatal("a second draft was begun")
		}
		want(d.Release(as(emil), v.ID, 1, time.Time{}), errs.Conflict, "finder.desk.error.state")
		want(d.Withdraw(as(emil), v.ID, 1, "x"), errs.Conflict, "finder.desk.error.state")
		want(d.Save(as(edda), v.ID, 1, content("05", "eins")), "", "")
		want(d.Save(as(emil), v.ID, 1, content("05", "zwei")), errs.Conflict, "finder.desk.error.changed")
		want(d.Submit(as(edda), v.ID, 2), "", "")
		want(d.Save(as(edda), v.ID, 3, content("05", "drei")), errs.Conflict, "finder.desk.error.state")
		want(d.Release(as(edda), v.ID, 3, time.Time{}), errs.Denied, "finder.desk.error.four_eyes")
		_, err := d.Return(as(emil), v.ID, 3, " ")
		want(err, errs.Invalid, "errs.fields")
		next := ok[Version](t)(d.Return(as(emil), v.ID, 3, "bitte kürzer"))
		if next.Number != 2 || next.State != Draft || !next.WrittenBy("edda") || next.Modules["05"].Text != "<p>eins</p>" || d.get(t, v.ID).State != Returned {
			t.Fatalf("returned: %+v", next)
		}
		if w := ok[Work](t)(d.Work(as(edda))); len(w.Returned) != 1 || len(w.Drafts) != 0 {
			t.Fatalf("work list: %+v", w)
		}
		// The reviewer mends it: now neither may release it.
		want(d.Save(as(emil), next.ID, 1, content("05", "kurz")), "", "")
		want(d.Submit(as(emil), next.ID, 2), "", "")
		for _, p := range []context.Context{as(edda), as(emil)} {
			want(d.Release(p, next.ID, 3, time.Time{}), errs.Denied, "finder.desk.error.four_eyes")
		}
		third := editor("third", "Dritte", "*")
		want(d.Release(as(third), next.ID, 3, time.Time{}), "", "")
		want(d.SetReviewDate(as(edda), next.ID, 4, "2020-02-30"), errs.Invalid, "errs.fields")
		want(d.SetReviewDate(as(edda), next.ID, 4, "2020-02-29"), "", "")
		if w := ok[Work](t)(d.Work(as(edda))); len(w.Stale) != 1 {
			t.Fatalf("work list: %+v", w)
		}
		second := d.released(t, edda, emil, stamm, content("05", "neu"))
		if s := d.get(t, next.ID).State; s != Replaced || second.Number != 3 || second.ReviewDate != "" {
			t.Fatalf("%s %+v", s, second)
		}
		want(d.Withdraw(as(edda), second.ID, second.Change, "falsch"), "", "")
		must(t, d.f.Refresh(context.Background()))
		if _, ok := d.f.Catalog().Released(stamm); ok {
			t.Error("a withdrawn text is still released")
		}
		empty := ok[Version](t)(d.StartDraft(as(edda), stamm))
		must(t, d.Save(as(edda), empty.ID, 1, Content{}))
		want(d.Submit(as(edda), empty.ID, 2), errs.Invalid, "finder.desk.error.empty")
		want(d.Discard(as(edda), empty.ID, 2), "", "")
		versions, comments, err := d.History(as(edda), stamm)
		must(t, err)
		if len(versions) != 4 || len(comments) != 2 || versions[3].Modules["05"].Text != "<p>eins</p>" {
			t.Errorf("history: %d versions, %d comments", len(versions), len(comments))
		}
		if n := count(t, d.h.DB.Reader(), `SELECT count(*) FROM audit_entry WHERE action LIKE 'finder.text%'`); n < 12 {
			t.Errorf("%d entries in the log", n)
		}
	})
}

func TestScheduledRelease(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		d.set(start)
		v := d.submitted(t, edda, stamm, content("05", "ab morgen"))
		must(t, d.Release(as(emil), v.ID, v.Change, start.Add(24*time.Hour)))
		taken := d.submitted(t, edda, finder.TextRef{Service: dog, Lang: i18n.English}, content("05", "from tomorrow"))
		must(t, d.Release(as(emil), taken.ID, taken.Change, start.Add(24*time.Hour)))
		must(t, d.h.Queue.Drain(context.Background()))
		if s := d.get(t, v.ID); s.State != Scheduled || s.Reviewer != "emil" {
			t.Fatalf("%+v", s)
		}
		_, err := d.Return(as(emil), taken.ID, taken.Change+1, "doch nicht")
		must(t, err)
		d.set(start.Add(25 * time.Hour))
		must(t, d.h.Queue.Drain(context.Background()))
		must(t, d.f.Refresh(context.Background()))
		if s := d.get(t, v.ID); s.State != Released || s.ReleasedAt.IsZero() {
			t.Fatalf("%+v", s)
		}
		webtest.Get(t, d.mux, "/leistung/"+dog).Want(200, "ab morgen")
		if s := d.get(t, taken.ID).State; s != Returned {
			t.Errorf("a version that was taken back is %s", s)
		}
	})
}

func TestLocalAdditions(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.released(t, edda, emil, stamm, content("05", "Im ganzen Land.", "08", "Ausweis", "Kosten", "Je nach Ort."))
		c := content("08", "Auch der Chip.", "Kosten", "In Erfurt 5 Euro.")
		c.Modules["08"] = finder.ModuleText{Text: "Auch der Chip.", Adds: true}
		v := d.released(t, lena, olaf, local, c)
		if v.Master == "" {
			t.Error("the Stammtext beside it is not noted")
		}
		client := webtest.New(t, d.mux)
		p := client.Get("/ort?ort=Erfurt&weiter=/leistung/"+dog).Want(200, "Im ganzen Land.", "Ausweis", "Stadt Erfurt ergänzt:", "Auch der Chip.", "In Erfurt 5 Euro.")
		if p.Has("Je nach Ort.") {
			t.Error("a replaced module is still shown")
		}
		if p = webtest.New(t, d.mux).Get("/ort?ort=Jena&weiter=/leistung/"+dog).Want(200, "Je nach Ort."); p.Has("Erfurt") {
			t.Error("Jena reads Erfurt's text")
		}
		if w := ok[Work](t)(d.Work(as(lena))); len(w.Outgrown) != 0 {
			t.Errorf("outgrown: %+v", w.Outgrown)
		}
		d.released(t, edda, emil, stamm, content("05", "Im ganzen Land.", "08", "Ausweis und Steuernummer", "Kosten", "Je nach Ort."))
		page := client.As(lena).Get("/redaktion").Want(200, "Stammtext hat sich geändert").Click("Hundehaltung: Anmeldung").
			Want(200, "Der Stammtext hat sich geändert", "und Steuernummer")
		page.Press("Geprüft: passt weiterhin").Want(200, "Als geprüft vermerkt.")
		if w := ok[Work](t)(d.Work(as(lena))); len(w.Outgrown) != 0 {
			t.Errorf("outgrown after comparing: %+v", w.Outgrown)
		}
	})
}

// Every action that the desk writes into the log has a name for the auditor.
func TestActionsHaveNames(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for _, file := range []string{"edit.go", "review.go", "online.go"} {
			b, err := os.ReadFile(file)
			must(t, err)
			found := regexp.MustCompile(`"(finder\.(?:text|online)_[a-z_]+)"`).FindAllStringSubmatch(string(b), -1)
			if len(found) == 0 {
				t.Errorf("%s: no action found", file)
			}
			for _, m := range found {
				if key := "audit.action." + m[1]; !d.h.Site.Texts.Has(i18n.German, key) {
					t.Errorf("%s: no text %s", file, key)
				}
			}
		}
	})
}

func TestComments(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		v := ok[Version](t)(d.StartDraft(as(edda), stamm))
		c := webtest.New(t, d.mux)
		c.As(emil).Get(textPath(v.ID)).Press("Kommentar speichern").Want(422, "Schreiben Sie, worum es geht.").
			Fill("Kommentar", "Denk an die <b>Gebühr</b>").Press("Kommentar speichern").Want(200, "Der Kommentar ist gespeichert.")
		c.As(edda).Get(textPath(v.ID)).Want(200, "Emil Lektor", "Denk an die <b>Gebühr</b>")
		c.As(edda).Get(textPath(v.ID)).Press("Entwurf verwerfen").Want(200, "Der Entwurf ist verworfen.")
		must(t, d.Comment(as(edda), v.ID, "schade"))
		c.As(edda).Get(historyPath(stamm)).Want(200, "verworfen", "schade")
	})
}

// What somebody typed is not lost when somebody else was faster, or when it is too long.
func TestRefusedSaveKeepsWords(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		v := ok[Version](t)(d.StartDraft(as(edda), stamm))
		p := webtest.New(t, d.mux).As(edda).Get(textPath(v.ID)).Fill("Kurz gesagt", "meine Worte")
		must(t, d.Save(as(emil), v.ID, v.Change, content("05", "andere Worte")))
		p = p.Press("Speichern").Want(422, "Jemand anderes hat diesen Text inzwischen geändert.")
		if p.Value("Kurz gesagt") != "meine Worte" {
			t.Error("typed words are lost")
		}
		p = webtest.New(t, d.mux).As(edda).Get(textPath(v.ID)).Fill("Kurz gesagt", strings.Repeat("a", maxModule+1)).Press("Speichern").Want(422, "zu lang")
		if len(p.Value("Kurz gesagt")) != maxModule+1 {
			t.Error("too long a text is lost")
		}
	})
}

// Scheduling, withdrawing, the review date and the comparison of versions, through the pages.
func TestPagesOfAVersion(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.set(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
		c := webtest.New(t, d.mux)
		v := d.submitted(t, edda, stamm, content("05", "Die alte Frist gilt."))
		page := c.As(emil).Get(textPath(v.ID))
		page.Choose("an einem Tag").Press("Text freigeben").Want(422, "Geben Sie einen Tag in der Zukunft ein")
		page.Choose("an einem Tag").Fill("Tag der Freigabe", "24.11.2026").Press("Text freigeben").Want(422, "Geben Sie einen Tag in der Zukunft ein")
		page.Choose("an einem Tag").Fill("Tag der Freigabe", "01.12.2026").Press("Text freigeben").Want(200, "Die Freigabe ist geplant.", "Geplante Freigaben", "01.12.2026")
		c.As(emil).Get(textPath(v.ID)).Want(200, "Wird freigegeben am 01.12.2026, 00:00")
		d.set(time.Date(2026, 12, 1, 1, 0, 0, 0, time.UTC))
		must(t, d.h.Queue.Drain(context.Background()))
		second := d.released(t, edda, emil, stamm, content("05", "Die neue Frist gilt."))

		p := c.As(edda).Get(historyPath(stamm)).Want(200, "abgelöst", "Emil Lektor").Press("Fassungen vergleichen").
			Want(200, "Von Fassung 1 zu Fassung 2", "Gestrichen: alte (Ende)", "Neu: neue (Ende)")
		if len(p.Find("ins", nil)) != 1 || len(p.Find("del", nil)) != 1 {
			t.Error("the difference is not marked as one")
		}
		c.As(edda).Get(historyPath(stamm)+"&von=9&bis=x").Want(200, "Fassungen vergleichen")
		released := c.As(edda).Get(textPath(second.ID))
		released.Fill("Prüfdatum", "31.02.2027").Press("Prüfdatum speichern").Want(422, "Diesen Tag gibt es nicht: 31.02.2027")
		released.Fill("Prüfdatum", "01.12.2026").Press("Prüfdatum speichern").Want(200, "Das Prüfdatum ist gespeichert.")
		c.As(edda).Get("/redaktion").Want(200, "Wieder durchzusehen")
		c.As(edda).Get(textPath(second.ID)).Press("Text zurückziehen").Want(422, "Schreiben Sie, worum es geht.").
			Fill("Grund", "Rechtslage geändert").Press("Text zurückziehen").Want(200, "Der Text ist zurückgezogen.", "Rechtslage geändert")
		must(t, d.f.Refresh(context.Background()))
		if c.Get("/leistung/" + dog).Has("Frist gilt.") {
			t.Error("a withdrawn text is still there")
		}
		for _, path := range []string{"/redaktion/text/x", "/redaktion/text/" + dog, "/redaktion/leistung/0", "/redaktion/verlauf/0", "/redaktion/verlauf/" + dog + "?behoerde=x"} {
			c.As(edda).Get(path).Want(404)
		}
	})
}

// Another process sees a release as soon as it looks at the version, and the facts can be loaded again under it.
func TestOtherProcess(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		other, err := finder.New(d.h, nothing{}, nothing{})
		must(t, err)
		must(t, other.Refresh(context.Background()))
		d.released(t, edda, emil, stamm, content("03", "Hund anmelden", "05", "x"))
		must(t, other.Refresh(context.Background()))
		if rel, ok := other.Catalog().Released(stamm); !ok || rel.Modules["05"].Text != "<p>x</p>" {
			t.Errorf("the other process has %+v", rel)
		}
		must(t, other.Load(context.Background(), nil))
		if rel, ok := other.Catalog().Released(stamm); !ok || rel.Version == "" {
			t.Error("loading the facts took a release away")
		}
		if s, _ := other.Catalog().Service(dog); s.Title != "Hund anmelden" {
			t.Errorf("the title is %q", s.Title)
		}
	})
}

// What editors are told is allowed is what stays; and they see the page as citizens will.
func TestAllowedMarks(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		alone := slices.DeleteFunc(slices.Clone(finder.RichTags), func(tag string) bool { return slices.Contains([]string{"br", "li", "ul", "ol"}, tag) })
		text := "<ul><li>a</li></ul><ol><li>b<br>c</li></ol>"
		for _, tag := range alone {
			text += "<" + tag + ">" + tag + "</" + tag + ">"
		}
		v := ok[Version](t)(d.StartDraft(as(edda), stamm))
		c := webtest.New(t, d.mux).As(edda)
		p := c.Get(textPath(v.ID)).Want(200, "<p>, <br>, <ul>", "<sup>, <sub>", "mailto:")
		p.Fill("Worum es geht", text+"<u>weg</u>").Press("Speichern und Vorschau").Want(200, "So werden Bürgerinnen und Bürger diesen Text sehen", "weg")
		got := d.get(t, v.ID).Modules[finder.ModuleFull].Text
		for _, tag := range append(alone, "br", "li", "ul", "ol") {
			if !strings.Contains(got, "<"+tag) {
				t.Errorf("%s is taken out: %s", tag, got)
			}
		}
		if strings.Contains(got, "<u>") {
			t.Errorf("left in: %s", got)
		}
	})
}
