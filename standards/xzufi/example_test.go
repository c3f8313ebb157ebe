package xzufi_test

import (
	"fmt"
	"os"
	"strings"

	"rennsteig/standards/xzufi"
)

// What an import does: every item, with its findings.
func ExampleReader() {
	r := xzufi.NewReader(strings.NewReader(`<?xml version="1.0" encoding="UTF-8"?>
<xzufi:transfer xmlns:xzufi="http://xoev.de/schemata/xzufi/2_2_0">
  <xzufi:schreibe>
    <xzufi:leistung>
      <xzufi:id schemeAgencyID="L16">100001</xzufi:id>
      <xzufi:referenzLeiKa><code>99115005104001</code></xzufi:referenzLeiKa>
      <xzufi:modulText>
        <xzufi:leikaTextmodul><code>03</code></xzufi:leikaTextmodul>
        <xzufi:inhalt languageCode="de">Neue Wohnung anmelden</xzufi:inhalt>
      </xzufi:modulText>
      <xzufi:typisierung><code>13</code></xzufi:typisierung>
    </xzufi:leistung>
  </xzufi:schreibe>
  <xzufi:loesche klasse="Onlinedienst"><xzufi:id>D7</xzufi:id></xzufi:loesche>
</xzufi:transfer>`))
	h, err := r.Header()
	if err != nil {
		fmt.Println(err)
		return
	}
	check := xzufi.NewChecker(h.Version)
	for item, err := range r.Items() {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch it := item.(type) {
		case *xzufi.Write:
			if l, ok := it.Object.(*xzufi.Leistung); ok {
				fmt.Println(l.ID.Key(), l.Schluessel(), l.Text(xzufi.ModulLeistungsbezeichnung2, "de"))
			}
		case *xzufi.Delete:
			fmt.Println("remove", it.Class, it.ID.Key())
		}
		for _, f := range check.Check(item) {
			fmt.Println(f)
		}
	}
	// Output:
	// L16/100001 [99115005104001] Neue Wohnung anmelden
	// line 11, column 7: leistung/typisierung: warning: not a code of the Typisierung
	// remove Onlinedienst D7
}

// What an export does.
func ExampleWriter() {
	l := &xzufi.Leistung{ID: xzufi.Identifikator{SchemeAgencyID: "L16", Value: "100001"}}
	l.SetText(xzufi.ModulLeistungsbezeichnung2, "en", "Register a new home")
	w := xzufi.NewWriter(os.Stdout, xzufi.V220, xzufi.Header{TransaktionID: "4711"})
	if err := w.WriteObject(l); err != nil {
		fmt.Println(err)
	}
	if err := w.Delete(xzufi.ClassOnlinedienst, xzufi.Identifikator{Value: "D7"}); err != nil {
		fmt.Println(err)
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <xzufi:transfer xmlns:xzufi="http://xoev.de/schemata/xzufi/2_2_0" xzufiVersion="2.2.0"><xzufi:transaktionID>4711</xzufi:transaktionID>
	// <xzufi:schreibe><xzufi:leistung><xzufi:id schemeAgencyID="L16">100001</xzufi:id><xzufi:modulText><xzufi:leikaTextmodul listURI="urn:de:xzufi:codeliste:leistungstextmodulleika"><code>03</code></xzufi:leikaTextmodul><xzufi:inhalt languageCode="en">Register a new home</xzufi:inhalt></xzufi:modulText></xzufi:leistung></xzufi:schreibe>
	// <xzufi:loesche klasse="Onlinedienst"><xzufi:id>D7</xzufi:id></xzufi:loesche>
	// </xzufi:transfer>
}
