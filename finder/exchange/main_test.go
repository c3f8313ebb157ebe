package exchange

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rennsteig/finder"
	"rennsteig/finder/desk"
	"rennsteig/platform"
	"rennsteig/platform/db"
	"rennsteig/platform/housetest"
	"rennsteig/platform/identity"
)

const (
	dog    = "99110009104000"
	erfurt = "160510000000"
	jena   = "160530000000"
)

// nothing answers the finder's questions about forms and fees.
type nothing struct{}

func (nothing) Online(context.Context, string, string) (string, bool, error) { return "", false, nil }

func (nothing) Fee(context.Context, string, string) (finder.Fee, bool, error) {
	return finder.Fee{}, false, nil
}

var rooms = []platform.Files{{Room: "finder", FS: finder.Files}}

// place is a house with a finder, a desk and an importer.
type place struct {
	*platform.House
	f    *finder.Room
	desk *desk.Room
	im   *Importer
	now  time.Time
}

func (p *place) clock() time.Time {
	if p.now.IsZero() {
		return time.Now()
	}
	return p.now
}

func each(t *testing.T, f func(t *testing.T, p *place)) {
	t.Helper()
	housetest.Each(t, rooms, func(t *testing.T, h *platform.House) { f(t, newPlace(t, h, true)) })
}

func newPlace(t testing.TB, h *platform.House, load bool) *place {
	t.Helper()
	p := &place{House: h}
	h.Site.NoLimits = true
	h.Now = p.clock
	var err error
	if p.f, err = finder.New(h, nothing{}, nothing{}); err != nil {
		t.Fatal(err)
	}
	if load {
		must(t, p.f.Load(context.Background(), nil))
	}
	if p.desk, err = desk.New(h, p.f); err != nil {
		t.Fatal(err)
	}
	p.im = &Importer{DB: h.DB, Audit: h.Audit, Now: p.clock}
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func system() context.Context { return identity.AsSystem(context.Background(), "test") }

// file writes content into a file of the test.
func file(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in")
	must(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func (p *place) try(t testing.TB, content string, opt Options) (*Report, error) {
	t.Helper()
	src, err := Open(context.Background(), file(t, content), Fetch{})
	must(t, err)
	defer func() { _ = src.Close() }() // it was only read
	if opt.MaxDelete == 0 {
		opt.MaxDelete = 5
	}
	return p.im.Import(system(), src, opt)
}

func (p *place) take(t testing.TB, content string) *Report {
	t.Helper()
	r, err := p.try(t, content, Options{})
	must(t, err)
	must(t, p.f.Refresh(context.Background()))
	return r
}

// dump is everything in the finder's tables and the log.
func (p *place) dump(t testing.TB) string {
	t.Helper()
	var out []string
	for _, q := range []string{
		"SELECT 'object', class, id, target, hash FROM finder_import_object",
		"SELECT 'service', key, name, type, law FROM finder_import_service",
		"SELECT 'authority', id, name, kind, contact FROM finder_import_authority",
		"SELECT 'online', id, kind, name, url FROM finder_import_online",
		"SELECT 'duty', id, authority || online, role, services || areas FROM finder_import_duty",
		"SELECT 'version', id, service_key || authority_id, state, modules || words FROM finder_text_version",
		"SELECT 'release', version_id, service_key || authority_id, lang, modules FROM finder_release",
		"SELECT 'state', name, value, '', '' FROM finder_state",
		"SELECT 'log', id, action, '', '' FROM audit_entry",
	} {
		rows, err := p.DB.Reader().Query(context.Background(), q)
		lines, err := db.All(rows, err, func(s db.Scanner) (string, error) {
			var c [5]string
			err := s.Scan(&c[0], &c[1], &c[2], &c[3], &c[4])
			return strings.Join(c[:], "\t"), err
		})
		must(t, err)
		out = append(out, lines...)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// msg is a message with these items in it.
func msg(items ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<xzufi:transfer xmlns:xzufi="http://xoev.de/schemata/xzufi/2_2_0" xzufiVersion="2.2.0">
<xzufi:nachrichtenkopf><xzufi:nachrichtUUID>0d5e2c4e-7c36-4d0a-9a3c-0c2b5f5f6a01</xzufi:nachrichtUUID><xzufi:sender>Redaktion</xzufi:sender></xzufi:nachrichtenkopf>
` + strings.Join(items, "\n") + "\n</xzufi:transfer>\n"
}

func write(object string) string { return "<xzufi:schreibe>" + object + "</xzufi:schreibe>" }

func leistung(id, key, date string, modules ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<xzufi:leistung><xzufi:id schemeAgencyID="L1" schemeID="s">%s</xzufi:id>`, id)
	if key != "" {
		fmt.Fprintf(&b, `<xzufi:referenzLeiKa listURI="urn:de:fim:leika:leistung"><code>%s</code></xzufi:referenzLeiKa>`, key)
	}
	for i := 0; i+1 < len(modules); i += 2 {
		fmt.Fprintf(&b, `<xzufi:modulText><xzufi:leikaTextmodul listURI="urn:de:xzufi:codeliste:leistungstextmodulleika"><code>%s</code></xzufi:leikaTextmodul><xzufi:inhalt languageCode="de">%s</xzufi:inhalt></xzufi:modulText>`, modules[i], modules[i+1])
	}
	b.WriteString(`<xzufi:modulBegriffImKontext><xzufi:begriffImKontext><xzufi:begriff languageCode="de">Wauwau</xzufi:begriff></xzufi:begriffImKontext></xzufi:modulBegriffImKontext>`)
	if date != "" {
		fmt.Fprintf(&b, `<xzufi:versionsinformation><xzufi:geaendertDatumZeit>%s</xzufi:geaendertDatumZeit></xzufi:versionsinformation>`, date)
	}
	b.WriteString("</xzufi:leistung>")
	return write(b.String())
}

const office = `<xzufi:organisationseinheit><xzufi:id schemeAgencyID="L1">O1</xzufi:id><xzufi:name><xzufi:name languageCode="de">Amt für Brücken</xzufi:name></xzufi:name>
<xzufi:anschrift><xzufi:strasse>Musterweg</xzufi:strasse><xzufi:hausnummer>12</xzufi:hausnummer><xzufi:postleitzahl>07743</xzufi:postleitzahl><xzufi:ort>Jena</xzufi:ort>
<xzufi:verwaltungspolitischeKodierung><xzufi:regionalschluessel><code>160530000000</code></xzufi:regionalschluessel></xzufi:verwaltungspolitischeKodierung></xzufi:anschrift>
<xzufi:kommunikation><xzufi:kanal><code>01</code></xzufi:kanal><xzufi:kennung>post@example.org</xzufi:kennung></xzufi:kommunikation></xzufi:organisationseinheit>`

func zustaendig(id, owner, service, area string) string {
	return write(fmt.Sprintf(`<xzufi:zustaendigkeitTransferObjekt><xzufi:uebergeordnetesObjektID schemeAgencyID="L1">%s</xzufi:uebergeordnetesObjektID>
<xzufi:zustaendigkeit><xzufi:id schemeAgencyID="L1">%s</xzufi:id><xzufi:leistungID schemeAgencyID="L1">%s</xzufi:leistungID><xzufi:gebietID>%s</xzufi:gebietID><xzufi:rolle><code>01</code></xzufi:rolle></xzufi:zustaendigkeit></xzufi:zustaendigkeitTransferObjekt>`,
		owner, id, service, area))
}

const link = `<xzufi:onlinedienst><xzufi:id schemeAgencyID="L1">D1</xzufi:id><xzufi:bezeichnung languageCode="de">Brücke online</xzufi:bezeichnung><xzufi:link><xzufi:link>https://www.example.org/bruecke</xzufi:link></xzufi:link></xzufi:onlinedienst>`

func loesche(class, id string) string {
	return fmt.Sprintf(`<xzufi:loesche klasse="%s"><xzufi:id schemeAgencyID="L1" schemeID="s">%s</xzufi:id></xzufi:loesche>`, class, id)
}

// full is a message with everything: a service of the catalogue, one that it lacks and one without a LeiKa key.
func full() string {
	return msg(
		zustaendig("Z1", "O1", "1002", "16053"), // before what it refers to
		leistung("1001", dog, "2026-05-04T10:00:00+02:00", "02", "Hundehaltung Anmeldung", "05", "&lt;p&gt;Kurz &lt;script&gt;x&lt;/script&gt;gut.&lt;/p&gt;"),
		leistung("1002", "", "", "02", "Brücke Benutzung", "03", "Brücke benutzen", "06", "Über die Brücke."),
		leistung("1003", "99999999012000", "", "02", "Turm Besteigung"),
		write(office), write(link), zustaendig("Z2", "D1", "1002", jena),
		write(`<xzufi:spezialisierung><xzufi:id schemeAgencyID="L1">S1</xzufi:id><xzufi:leistungID schemeAgencyID="L1">1001</xzufi:leistungID>
<xzufi:modulText><xzufi:leikaTextmodul><code>16</code></xzufi:leikaTextmodul><xzufi:inhalt languageCode="de">In Jena mit Leine.</xzufi:inhalt></xzufi:modulText>
<xzufi:gueltigkeitGebietID>160530000000</xzufi:gueltigkeitGebietID></xzufi:spezialisierung>`))
}

func wantCode(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}
