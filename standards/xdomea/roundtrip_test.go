package xdomea

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawn makes any value of a type that a message can say, by the tags. Structs nest depth deep.
func drawn(t *rapid.T, v reflect.Value, n *node, has string, depth int) {
	switch p := v.Addr().Interface().(type) {
	case *Clock:
		*p = rapid.SampledFrom([]Clock{"00:00:00", "23:59:59.5Z", "24:00:00", "09:30:00+01:00"}).Draw(t, "clock")
		return
	case *Keep:
		*p = rapid.SampledFrom([]Keep{Years(0), Years(10), Years(65535), Forever()}).Draw(t, "keep")
		return
	case *Code:
		*p = Code{"3", rapid.SampledFrom([]string{"", "drei & \"vier\""}).Draw(t, "name"), "urn:x", "1.0"}
		return
	case *time.Time:
		*p = time.Date(rapid.IntRange(1, 9999).Draw(t, "year"), 2, 29, 0, 0, 0, 0, time.UTC)
		if !n.date {
			*p = p.Add(time.Duration(rapid.IntRange(0, 86399).Draw(t, "second")) * time.Second)
		}
		return
	case *bool:
		*p = true
		return
	case *uint32:
		*p = rapid.Uint32Min(1).Draw(t, "number")
		return
	case *string:
		switch *p = drawnText(t); {
		case n.uuid:
			*p = drawnUUID(t)
		case n.file:
			*p = FileName(drawnUUID(t), *p, "pdf")
		}
		return
	}
	switch {
	case n.list != nil:
		codes := n.list.codes
		if len(codes) == 0 {
			codes = []string{"001", "045"}
		}
		v.SetString(rapid.SampledFrom(codes).Draw(t, "code"))
	case n.of != nil:
		drawnStruct(t, v, n.of, has, depth-1)
	}
}

func drawnStruct(t *rapid.T, v reflect.Value, plan *node, has string, depth int) {
	for _, n := range leaves(plan) {
		f := v.FieldByIndex(n.index)
		if n.read || n.in != "" && !strings.Contains(has, n.in) {
			continue
		}
		some := n.must || depth > 0 && rapid.IntRange(0, 2).Draw(t, n.name) == 0
		switch f.Kind() {
		case reflect.Slice:
			for some && (f.Len() == 0 || rapid.Bool().Draw(t, "more")) {
				e := reflect.New(f.Type().Elem()).Elem()
				drawn(t, e, n, has, depth)
				f.Set(reflect.Append(f, e))
			}
		case reflect.Pointer:
			if some {
				f.Set(reflect.New(f.Type().Elem()))
				drawn(t, f.Elem(), n, has, depth)
			}
		default:
			if some || n.of != nil && n.always {
				drawn(t, f, n, has, depth)
			}
		}
	}
	switch p := v.Addr().Interface().(type) { // the rules that no tag says
	case *Retention:
		if p.Appraisal != "" {
			p.Other = ""
		}
	case *Format:
		if p.Signed {
			p.SignatureFiles = nil
		}
	case *Appraised:
		if p.Other == "" {
			p.Appraisal = Destroy
		} else {
			p.Appraisal = ""
		}
	case *PlanUnit:
		if p.Other == "" {
			p.Appraisal = Archive
		} else {
			p.Appraisal = ""
		}
	}
}

func leaves(n *node) (all []*node) {
	for _, k := range n.kids {
		if k.index != nil {
			all = append(all, k)
		} else {
			all = append(all, leaves(k)...)
		}
	}
	return all
}

func drawnText(t *rapid.T) string {
	runes := []rune("aZ09 äß€😀\t\n\r&<>\"']]>--")
	return "x" + string(rapid.SliceOfN(rapid.SampledFrom(runes), 0, 12).Draw(t, "text"))
}

func drawnUUID(t *rapid.T) string {
	h := rapid.StringMatching(`[0-9a-f]{32}`).Draw(t, "uuid")
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func drawnItem[T any](t *rapid.T, has string) *T {
	x := new(T)
	v := reflect.ValueOf(x).Elem()
	drawnStruct(t, v, plans()[v.Type()], has, 4)
	return x
}

func write(t interface{ Fatal(...any) }, h Head, items ...Item) []byte {
	var b bytes.Buffer
	w, err := NewWriter(&b, h)
	for _, item := range items {
		if err == nil {
			err = w.Write(item)
		}
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(r *Reader, err error) (Head, []Item, error) {
	if err != nil {
		return Head{}, nil, err
	}
	var items []Item
	for item, err := range r.Items() {
		if err != nil {
			return r.Head(), items, err
		}
		items = append(items, item)
	}
	return r.Head(), items, nil
}

// drawnMessage makes any message that can be written.
func drawnMessage(t *rapid.T) (Head, []Item) {
	codes := slices.Sorted(maps.Keys(messages))
	m := rapid.SampledFrom(codes).Draw(t, "message")
	h := *drawnItem[Head](t, "W")
	has := messages[m].has
	h.Message, h.Version = m, rapid.SampledFrom([]string{"3.0.0", "3.1.0"}).Draw(t, "version")
	h.WantsResult, h.WantsReceipt, h.WantsArchiveIDs = strings.Contains(has, "I"), strings.Contains(has, "E"), strings.Contains(has, "A")
	if m == PlanForAppraisal {
		h.Version = "3.1.0"
	}
	if !strings.Contains(has, "W") {
		h.OtherRecipients = nil
	}
	plan := func() Item { return drawnItem[Plan](t, has) }
	var draw func() Item
	switch messages[m].content {
	case "":
		return h, nil
	case "Aktenplan":
		return h, []Item{plan()}
	case "Schriftgutobjekt":
		draw = func() Item {
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				return drawnItem[File](t, has)
			case 1:
				return drawnItem[Case](t, has)
			}
			return drawnItem[Document](t, has)
		}
	default:
		if draw = func() Item { return drawnItem[Result](t, has) }; m == AppraisalList || m == AppraisalCatalogue {
			draw = func() Item { return drawnItem[Appraised](t, has) }
		}
	}
	var items []Item
	if messages[m].content == "Schriftgutobjekt" && rapid.Bool().Draw(t, "letter") {
		items = append(items, drawnItem[CoverLetter](t, has))
	}
	for range rapid.IntRange(1, 3).Draw(t, "items") {
		items = append(items, draw())
	}
	if messages[m].content == "Schriftgutobjekt" && m != Information && rapid.Bool().Draw(t, "plan") {
		items = append(items, plan())
	}
	if m == Offer || m == Disposal {
		for _, item := range items {
			setRetention(item, kept)
		}
	}
	return h, items
}

// setRetention puts it into a record and all in it.
func setRetention(item Item, r Retention) {
	switch it := item.(type) {
	case *File:
		it.Retention = r
		for i := range it.Parts {
			setRetention(&it.Parts[i], r)
		}
		for i := range it.Cases {
			setRetention(&it.Cases[i], r)
		}
	case *Case:
		it.Retention = r
		for i := range it.SubCases {
			setRetention(&it.SubCases[i], r)
		}
	}
}

// What is written is read again, all of it and in its order.
func TestRoundTrip(t *testing.T) {
	compare := cmp.AllowUnexported(Keep{})
	rapid.Check(t, func(t *rapid.T) {
		h, items := drawnMessage(t)
		b := write(t, h, items...)
		head, got, err := read(NewReader(bytes.NewReader(b)))
		if err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		if d := cmp.Diff(h, head, compare); d != "" {
			t.Fatalf("head: %s\n%s", d, b)
		}
		if d := cmp.Diff(items, got, compare); d != "" {
			t.Fatalf("items: %s\n%s", d, b)
		}
	})
}

func testHead(m Message) Head {
	return Head{ProcessID: process, Message: m, Created: time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC), Sender: Contact{Organisation: "Musterstadt"}, Recipient: Contact{Organisation: "Musterarchiv"}}
}

var kept = Retention{Keep: Years(10), Appraisal: Appraise, Proposal: ProposeArchive, End: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)}

const other = "7c6b5a49-3827-4160-9f8e-7d6c5b4a3928"

// What the Writer refuses, and how it says it.
func TestWriterRefuses(t *testing.T) {
	without := func(change func(*Retention)) Retention {
		r := kept
		change(&r)
		return r
	}
	file := func(r Retention) *File { return &File{ID: other, Retention: r} }
	for name, c := range map[string]struct {
		message Message
		items   []Item
		want    string
	}{
		"no retention":        {Offer, []Item{file(Retention{})}, "Akte: ArchivspezifischeMetadaten: no Aufbewahrungsdauer"},
		"no years":            {Disposal, []Item{file(without(func(r *Retention) { r.Keep = Keep{} }))}, "no Aufbewahrungsdauer"},
		"no appraisal":        {Disposal, []Item{file(without(func(r *Retention) { r.Appraisal = "" }))}, "no Aussonderungsart"},
		"no proposal":         {Offer, []Item{file(without(func(r *Retention) { r.Proposal = "" }))}, "no Bewertungsvorschlag"},
		"no end":              {Offer, []Item{file(without(func(r *Retention) { r.End = time.Time{} }))}, "no Aufbewahrungsende"},
		"part in part":        {Offer, []Item{&File{ID: other, Retention: kept, Parts: []File{*file(Retention{Keep: Years(1)})}}}, "Akte/Teilakte: ArchivspezifischeMetadaten: no Aussonderungsart"},
		"case without":        {Disposal, []Item{&Case{ID: other}}, "Vorgang: ArchivspezifischeMetadaten: no Aufbewahrungsdauer"},
		"two appraisals":      {AppraisalList, []Item{&Appraised{ID: other, Appraisal: Archive, Other: "A1"}}, "only one may be"},
		"none":                {AppraisalList, []Item{&Appraised{ID: other}}, "no Aussonderungsart"},
		"unknown appraisal":   {AppraisalList, []Item{&Appraised{ID: other, Appraisal: "X"}}, `no code "X" of Aussonderungsart`},
		"unknown medium":      {Transfer, []Item{&Document{ID: other, General: General{Medium: "9"}}}, `Medium has no code "9"`},
		"no ID":               {Transfer, []Item{&Document{}}, "no ID"},
		"ID":                  {Transfer, []Item{&Document{ID: "1"}}, `Dokument: ID is "1", which is no UUID`},
		"file name":           {Transfer, []Item{document("brief.pdf")}, `Dateiname is "brief.pdf"`},
		"version, no file":    {Transfer, []Item{&Document{ID: other, Versions: []Version{{}}}}, "no Format"},
		"time of day":         {Transfer, []Item{&Document{ID: other, Workflow: &Workflow{ID: other, Steps: []Step{{Status: StepDone, Ordered: kept.End, OrderedAt: "9:30"}}}}}, `Erstellungsuhrzeit is "9:30"`},
		"year 10000":          {Transfer, []Item{&Document{ID: other, Sent: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}}, "year 10000"},
		"nothing":             {Transfer, nil, "has no Schriftgutobjekt"},
		"letter only":         {Transfer, []Item{&CoverLetter{Document{ID: other}}}, "has no Schriftgutobjekt"},
		"second letter":       {Transfer, []Item{&CoverLetter{Document{ID: other}}, &CoverLetter{Document{ID: other}}}, "no *xdomea.CoverLetter here"},
		"letter behind":       {Disposal, []Item{&Document{ID: other}, &CoverLetter{Document{ID: other}}}, "no *xdomea.CoverLetter here"},
		"record behind plan":  {Disposal, []Item{&Document{ID: other}, &Plan{}, &Document{ID: other}}, "no *xdomea.Document here"},
		"plan in information": {Information, []Item{&Document{ID: other}, &Plan{}}, "no *xdomea.Plan here"},
		"record in a receipt": {OfferReceipt, []Item{&Document{ID: other}}, "no *xdomea.Document here"},
		"result in a list":    {AppraisalList, []Item{&Result{ID: other}}, "no *xdomea.Result here"},
		"nil":                 {Transfer, []Item{(*File)(nil)}, "nothing to write"},
		"plan without IDs":    {PlanForAppraisal, []Item{&Plan{}}, "no ID"},
		"unit without years":  {FilePlan, []Item{&Plan{Units: []PlanUnit{{Appraisal: Archive}}}}, "no Aufbewahrungsdauer"},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := NewWriter(io.Discard, testHead(c.message))
			for _, item := range c.items {
				if err == nil {
					err = w.Write(item)
				}
			}
			if err == nil {
				err = w.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want %s", err, c.want)
			}
			if again := w.Close(); !errors.Is(again, err) {
				t.Errorf("the error did not stay: %v", again)
			}
		})
	}
	for name, change := range map[string]func(*Head){
		"message":            func(h *Head) { h.Message = "0599" },
		"version":            func(h *Head) { h.Version = "2.4.0" },
		"no process":         func(h *Head) { h.ProcessID = "" },
		"no time":            func(h *Head) { h.Created = time.Time{} },
		"0511 in 3.0.0":      func(h *Head) { h.Version, h.Message = "3.0.0", PlanForAppraisal },
		"code without value": func(h *Head) { h.Sender.Role.Name = "x" },
	} {
		h := testHead(Transfer)
		change(&h)
		if _, err := NewWriter(io.Discard, h); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func document(files ...string) *Document {
	d := &Document{ID: "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d"}
	for _, f := range files {
		d.Versions = append(d.Versions, Version{Label: "1", Formats: []Format{{Format: PDF, FileName: f}}})
	}
	return d
}

// Parts and cases without metadata of their own have those of what they are in.
func TestRetentionIsInherited(t *testing.T) {
	own := kept
	own.Keep = Forever()
	f := &File{ID: other, Retention: kept, Cases: []Case{{ID: other, SubCases: []Case{{ID: other}}}},
		Parts: []File{{ID: other, Retention: own, Cases: []Case{{ID: other}}}, {ID: other}}}
	_, items, err := read(NewReader(bytes.NewReader(write(t, testHead(Offer), f))))
	if err != nil {
		t.Fatal(err)
	}
	got := items[0].(*File)
	if c := got.Cases[0]; c.Retention != kept || c.SubCases[0].Retention != kept || got.Parts[1].Retention != kept {
		t.Errorf("not inherited: %+v", got)
	}
	if p := got.Parts[0]; p.Retention != own || p.Cases[0].Retention != own {
		t.Errorf("not its own: %+v", p)
	}
	if f.Cases[0].Retention != (Retention{}) {
		t.Error("the Writer changed the caller's file")
	}
}

// What is written is never nested deeper than what is read.
func TestWriterDepth(t *testing.T) {
	deepest := 0
	for depth := range maxDepth {
		c := Case{ID: other, General: General{Medium: Paper}}
		for range depth {
			c = Case{ID: other, SubCases: []Case{c}}
		}
		var b bytes.Buffer
		w, err := NewWriter(&b, testHead(Transfer))
		if err != nil {
			t.Fatal(err)
		}
		if w.Write(&c) != nil {
			break
		}
		deepest = depth
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := read(NewReader(&b)); err != nil {
			t.Fatalf("%d deep: %v", depth, err)
		}
	}
	if deepest != maxDepth-6 {
		t.Errorf("%d deep", deepest)
	}
}

// A text with what XML cannot say is written all the same.
func TestTextWithoutXML(t *testing.T) {
	d := &Document{ID: other, General: General{Subject: "a\x00b\xffc\ufffed\x1f"}}
	_, items, err := read(NewReader(bytes.NewReader(write(t, testHead(Transfer), d))))
	if err != nil {
		t.Fatal(err)
	}
	if got := items[0].(*Document).General.Subject; got != "a\ufffdb\ufffdc\ufffdd\ufffd" {
		t.Errorf("%q", got)
	}
}

// An error of the disk stays, wherever it comes.
func TestWriteError(t *testing.T) {
	for after := range 4 {
		out := &fullDisk{left: after}
		p, err := NewPackageWriter(out, testHead(Transfer))
		if err == nil {
			err = p.Write(document(letter))
		}
		if err == nil {
			err = p.AddFile(letter, strings.NewReader(strings.Repeat("x", 100<<10)))
		}
		if err == nil {
			err = p.Close()
		}
		if out.left < 0 && !errors.Is(err, errDisk) {
			t.Errorf("after %d writes: %v", after, err)
		}
		if p != nil && out.left < 0 && p.Close() == nil {
			t.Errorf("after %d writes the package could be closed", after)
		}
	}
}

type fullDisk struct{ left int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.left--; d.left < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

// The names of elements are unique in each struct, and every tag says something known.
func TestPlans(t *testing.T) {
	for typ, plan := range plans() {
		for _, n := range leaves(plan) {
			f := typ.FieldByIndex(n.index)
			_, options, _ := strings.Cut(f.Tag.Get("x"), ",")
			for option := range strings.SplitSeq(options, ",") {
				name, _, _ := strings.Cut(option, "=")
				if !slices.Contains([]string{"", "in", "old", "must", "always", "uuid", "file", "date", "read"}, name) {
					t.Errorf("%v.%s: option %q", typ, f.Name, option)
				}
			}
		}
		for i := range typ.NumField() {
			if f := typ.Field(i); f.Tag.Get("x") == "" && !f.Anonymous && f.Name != "Version" {
				t.Errorf("%v.%s has no element", typ, f.Name)
			}
		}
	}
}
