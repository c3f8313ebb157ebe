package xdomea

import (
	"errors"
	"fmt"
)

// complete says what archives demand and the schema leaves open.
func (r *Retention) complete(m Message) error {
	switch {
	case r.Keep == Keep{}:
		return errors.New("no Aufbewahrungsdauer")
	case r.Appraisal == "" && r.Other == "":
		return errors.New("no Aussonderungsart")
	case m == Offer && r.Proposal == "":
		return errors.New("no Bewertungsvorschlag")
	case r.End.IsZero() && !r.Keep.IsForever():
		return errors.New("no Aufbewahrungsende")
	}
	return nil
}

func (r *Retention) check() error { return oneAppraisal(r.Appraisal, r.Other, false) }

func (a *Appraised) check() error { return oneAppraisal(a.Appraisal, a.Other, true) }

func (u *PlanUnit) check() error { return oneAppraisal(u.Appraisal, u.Other, true) }

func oneAppraisal(a Appraisal, other string, must bool) error {
	switch {
	case a != "" && other != "":
		return errors.New("an Aussonderungsart and an AussonderungsartKonfigurierbar: only one may be")
	case must && a == "" && other == "":
		return errors.New("no Aussonderungsart")
	case a != "" && !appraisalList.has(string(a)):
		return fmt.Errorf("no code %q of Aussonderungsart", string(a))
	}
	return nil
}

func (f *Format) check() error {
	if f.Signed && len(f.SignatureFiles) > 0 {
		return errors.New("a signature in the file and signatures beside it: only one may be")
	}
	return nil
}
