package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"rennsteig/finder"
	"rennsteig/finder/desk"
	"rennsteig/platform/i18n"
	"rennsteig/standards/leika"
	"rennsteig/standards/xzufi"
)

// resolveServices finds the keys of services: id string to key.
func (r *run) resolveServices(ctx context.Context, ids []ident) (map[string]string, error) {
	out, err := resolve(ctx, r.tx, xzufi.ClassLeistung, ids)
	if err != nil {
		return nil, err
	}
	var asked []string
	for _, id := range ids {
		if out[idString(id)] == "" {
			asked = append(asked, id.Value)
		}
	}
	imported, err := stored(ctx, r.tx, "finder_import_service", "key", nil, asked)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		_, builtIn := r.catalogue[id.Value]
		_, err := leika.Parse(id.Value)
		// A bare LeiKa key means the service whoever says it; our own keys only with our agency.
		if out[idString(id)] == "" && (builtIn || imported[id.Value] != nil) && (err == nil || id.Agency == Agency) {
			out[idString(id)] = id.Value
		}
	}
	return out, nil
}

// resolveAuthorities finds authorities: id string to id.
func (r *run) resolveAuthorities(ctx context.Context, ids []ident) (map[string]string, error) {
	out, err := resolve(ctx, r.tx, xzufi.ClassOrganisationseinheit, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, ok := r.authorities[id.Value]; ok && id.Agency == Agency && id.Scheme == schemeAuthority {
			out[idString(id)] = id.Value
		}
	}
	return out, r.ours(ctx, "finder_import_authority", schemeAuthority, ids, out)
}

// ours finds imported objects by what they are called here: "oe-…".
func (r *run) ours(ctx context.Context, table, scheme string, ids []ident, out map[string]string) error {
	var asked []string
	for _, id := range ids {
		if id.Agency == Agency && id.Scheme == scheme && out[idString(id)] == "" {
			asked = append(asked, id.Value)
		}
	}
	found, err := stored(ctx, r.tx, table, "id", nil, asked)
	for _, id := range ids {
		if id.Agency == Agency && id.Scheme == scheme && found[id.Value] != nil {
			out[idString(id)] = id.Value
		}
	}
	return err
}

// resolveOnlines finds online services: id string to id.
func (r *run) resolveOnlines(ctx context.Context, ids []ident) (map[string]string, error) {
	out, err := resolve(ctx, r.tx, xzufi.ClassOnlinedienst, ids)
	if err != nil {
		return nil, err
	}
	if err := r.ours(ctx, "finder_import_online", schemeOnline, ids, out); err != nil {
		return nil, err
	}
	return out, r.ours(ctx, "finder_online", schemeOnline, ids, out)
}

// dutyHash is of what a duty says.
func dutyHash(d finder.Duty) string {
	d.ID, d.Origin = "", ""
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) // strings and lists of strings
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// builtInDuty is the hash of what the built-in rules say under this id; "" if it is none of ours.
func (r *run) builtInDuty(id ident) string {
	if id.Agency != Agency || id.Scheme != schemeDuty {
		return ""
	}
	if r.duties == nil {
		r.duties = map[string]string{}
		for _, d := range r.builtIn.Duties() {
			r.duties[d.ID] = dutyHash(d)
		}
	}
	return r.duties[id.Value]
}

// unitOf is a built-in authority as an export gives it.
func unitOf(a finder.Authority) unit {
	u := unit{Name: a.Name, Kind: a.Kind, Area: a.Area}
	if a.Seat != "" || a.Postcode != "" {
		u.Contact.Addresses = []finder.Address{{Postcode: a.Postcode, Town: a.Seat}}
	}
	return u
}

// drop deletes an object: only what an import has brought, and no text that editors have made their own.
func (r *run) drop(ctx context.Context, rec *record) error {
	known, err := objectsByID(ctx, r.tx, rec.class, []*record{rec})
	if err != nil {
		return err
	}
	o, ok := known[idString(rec.id)]
	if !ok {
		r.report.remark(rec, "note", "delete-unknown", "there is no such object; nothing to delete")
		return nil
	}
	parts := strings.Split(o.target, "|")
	refused := errors.New("refused")
	authorities := parts[1:]
	switch rec.class {
	case xzufi.ClassLeistung:
		authorities = []string{""}
	case xzufi.ClassSpezialisierung:
	default:
		authorities = nil
	}
	err = r.tx.Savepoint(ctx, func() error {
		for _, a := range authorities {
			for _, l := range i18n.Langs {
				outcome, err := desk.TakeBack(ctx, r.tx, r.now, finder.TextRef{Service: parts[0], Authority: a, Lang: l}, r.origin)
				if err != nil {
					return err
				}
				if outcome == desk.IsNewer {
					return refused
				}
			}
		}
		return deleteObject(ctx, r.tx, o)
	})
	if errors.Is(err, refused) {
		r.report.refuse(rec, "conflict", "newer", "it is not deleted: editors have released a text of their own")
		return nil
	}
	if err != nil {
		return err
	}
	r.deleted[string(rec.class)+" "+idString(rec.id)] = true
	r.report.change(rec, "deleted")
	return nil
}

func contactJSON(c finder.Contact) string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and lists of strings
	}
	return string(b)
}
