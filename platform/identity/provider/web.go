package provider

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/op"

	"rennsteig/platform/errs"
	"rennsteig/platform/identity"
	"rennsteig/platform/web"
)

// choosePath is the page to choose a person on, under the issuer's path.
const choosePath = "/personen"

// chooseData lists the people, those of the door that was taken first.
type chooseData struct {
	Action, ID string
	Groups     []group
}

type group struct {
	Title  string
	People []entry
}

type entry struct{ Subject, Name, Roles string }

// choose shows the demo people.
func (p *Provider) choose(w http.ResponseWriter, r *http.Request) error {
	id := r.URL.Query().Get("id")
	req, ok := p.storage.waiting(id)
	if !ok {
		return errs.E(errs.NotFound, "provider.request_gone")
	}
	data := chooseData{Action: p.path + choosePath, ID: id}
	citizens := group{Title: p.site.T(r, "provider.choose.citizens")}
	staff := group{Title: p.site.T(r, "provider.choose.staff")}
	for _, person := range p.cfg.People {
		e := entry{Subject: person.Subject, Name: person.Name, Roles: p.roles(r, person)}
		if person.Kind == identity.Staff {
			staff.People = append(staff.People, e)
		} else {
			citizens.People = append(citizens.People, e)
		}
	}
	data.Groups = []group{citizens, staff}
	if req.LoginHint == "staff" {
		data.Groups = []group{staff, citizens}
	}
	return p.page.Render(w, r, web.Meta{Title: p.site.T(r, "provider.choose.title")}, data)
}

// roles says what a person may do where: "Sachbearbeitung, Erfurt".
func (p *Provider) roles(r *http.Request, person Person) string {
	if len(person.Grants) == 0 {
		return p.site.T(r, "provider.role.citizen")
	}
	var out []string
	for _, g := range person.Grants {
		where := p.site.T(r, "provider.everywhere")
		if g.Authority != identity.Everywhere {
			where = p.names(g.Authority)
		}
		out = append(out, p.site.T(r, "provider.role."+string(g.Role))+", "+where)
	}
	return strings.Join(out, "; ")
}

// chosen signs the person in, or leads back without.
func (p *Provider) chosen(w http.ResponseWriter, r *http.Request) error {
	if err := web.ReadForm(w, r, 16<<10); err != nil {
		return err
	}
	id := r.PostForm.Get("id")
	if r.PostForm.Get("cancel") != "" {
		req, ok := p.storage.cancel(id)
		if !ok {
			return errs.E(errs.NotFound, "provider.request_gone")
		}
		// RFC 6749 §4.1.2.1; the address was checked when the request came.
		back := req.RedirectURI + "?" + url.Values{"error": {"access_denied"}, "state": {req.State}}.Encode()
		http.Redirect(w, r, back, http.StatusSeeOther)
		return nil
	}
	person, ok := p.cfg.person(r.PostForm.Get("subject"))
	if !ok {
		return errs.E(errs.Invalid, "provider.nobody")
	}
	if !p.storage.choose(id, person.Subject) {
		return errs.E(errs.NotFound, "provider.request_gone")
	}
	ctx := op.ContextWithIssuer(context.Background(), p.cfg.Issuer)
	http.Redirect(w, r, op.AuthCallbackURL(p.op)(ctx, id), http.StatusSeeOther)
	return nil
}
