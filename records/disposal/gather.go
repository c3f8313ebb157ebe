package disposal

import (
	"github.com/google/uuid"

	"rennsteig/standards/xdomea"
)

// gather brings every stored file of a record to where the electronic file keeps it, so that none is lost: what was
// added to a step of a Geschäftsgang becomes a document of the record; further formats of a version and signatures
// beside it become attachments of the document.
func gather(f *xdomea.File) {
	f.Documents = append(f.Documents, fromWorkflow(f.Workflow)...)
	gatherDocuments(f.Documents)
	gatherCases(f.Cases)
	for i := range f.Parts {
		gather(&f.Parts[i])
	}
}

func gatherCases(cases []xdomea.Case) {
	for i := range cases {
		c := &cases[i]
		c.Documents = append(c.Documents, fromWorkflow(c.Workflow)...)
		gatherDocuments(c.Documents)
		gatherCases(c.SubCases)
	}
}

func gatherDocuments(documents []xdomea.Document) {
	for i := range documents {
		gatherDocument(&documents[i])
	}
}

func gatherDocument(d *xdomea.Document) {
	for i := range d.Attachments {
		gatherDocument(&d.Attachments[i].Document)
	}
	for _, x := range fromWorkflow(d.Workflow) {
		gatherDocument(&x)
		d.Attachments = append(d.Attachments, xdomea.Attachment{Document: x})
	}
	beside := func(v xdomea.Version, f xdomea.Format) {
		d.Attachments = append(d.Attachments, xdomea.Attachment{Document: xdomea.Document{ID: uuid.NewSHA1(uuid.MustParse(d.ID), []byte(f.FileName)).String(),
			General: xdomea.General{Subject: d.General.Subject}, Received: d.Received, Versions: []xdomea.Version{{Label: v.Label, Formats: []xdomea.Format{f}}}}})
	}
	for i := range d.Versions {
		v := &d.Versions[i]
		for n, f := range v.Formats {
			if n > 0 {
				beside(*v, f)
			}
			for _, name := range f.SignatureFiles {
				beside(*v, xdomea.Format{FileName: name})
			}
		}
		v.Formats = v.Formats[:min(1, len(v.Formats))]
	}
}

// fromWorkflow are the documents that somebody added to a step.
func fromWorkflow(w *xdomea.Workflow) []xdomea.Document {
	var out []xdomea.Document
	if w == nil {
		return nil
	}
	for i := range w.Steps {
		if done := w.Steps[i].Done; done != nil {
			out = append(out, done.Attachments...)
			done.Attachments = nil
		}
	}
	return out
}
