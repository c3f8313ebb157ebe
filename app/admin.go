package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"rennsteig/pay"
	"rennsteig/platform/cli"
	"rennsteig/platform/errs"
	"rennsteig/platform/i18n"
	"rennsteig/platform/identity"
	"rennsteig/platform/money"
)

// What an operator sets up for an authority before its citizens can apply: which forms it offers, what it takes for a
// service. (Its file plan comes by itself with the first case.)

// rooms runs f with all rooms, but no pages, as the system; messages for people are in German, the office's language.
func (p place) rooms(env *cli.Env, f func(ctx context.Context, p *program) error) error {
	d, err := p.Open(env.Context) // says what to do where there is no database yet
	if err != nil {
		return err
	}
	if err := d.Close(); err != nil {
		return err
	}
	prog := &program{cfg: Config{DB: p.Address(), Blobs: p.blobs(), Key: p.key(), Log: slog.New(slog.NewTextHandler(env.Err, nil))}}
	defer prog.close()
	if prog.house, err = newHouse(env.Context, prog.cfg); err != nil {
		return err
	}
	if err := prog.furnishRooms(); err != nil {
		return err
	}
	if err := prog.finder.Load(env.Context, nil); err != nil {
		return err
	}
	err = f(identity.AsSystem(env.Context, "operator"), prog)
	if e := errs.As(err); err != nil && e.Code != errs.Internal {
		return fmt.Errorf("%s", prog.house.Site.Texts.T(i18n.German, e.Key, e.Args...))
	}
	return err
}

// authority checks that there is an authority with this id.
func (p *program) authority(id string) error {
	if _, ok := p.finder.Catalog().Authority(id); !ok {
		return fmt.Errorf("no authority has the id %q: a municipality's is its ARS, e.g. 160510000000 for Erfurt", id)
	}
	return nil
}

type applyCmd struct {
	Offer offerCmd `cmd:"" help:"Switch a form on (or off) for authorities. Example: rennsteig apply offer hund-anmelden 160510000000"`
}

type offerCmd struct {
	place
	Form        string   `arg:"" help:"The form's id."`
	Authorities []string `arg:"" help:"Ids of the authorities that work on the applications."`
	Withdraw    bool     `help:"Switch it off instead; what was sent goes on."`
}

func (c *offerCmd) Run(env *cli.Env) error {
	return c.rooms(env, func(ctx context.Context, p *program) error {
		var known []string
		for _, f := range p.apply.Forms() {
			known = append(known, f.ID)
		}
		if !strings.Contains(" "+strings.Join(known, " ")+" ", " "+c.Form+" ") {
			return fmt.Errorf("no form %q; there are: %s", c.Form, strings.Join(known, ", "))
		}
		for _, id := range c.Authorities {
			if err := p.authority(id); err != nil {
				return err
			}
		}
		set, word := p.apply.Offer, "offered"
		if c.Withdraw {
			set, word = p.apply.Withdraw, "withdrawn"
		}
		if err := set(ctx, c.Form, c.Authorities...); err != nil {
			return err
		}
		for _, id := range c.Authorities {
			fmt.Fprintf(env.Out, "%s %s: %s\n", c.Form, word, p.finder.AuthorityName(id))
		}
		return nil
	})
}

type payCmd struct {
	Fee feeCmd `cmd:"" help:"Set what an authority takes for a service. Example: rennsteig pay fee 160510000000 99115003012000 8,00"`
}

type feeCmd struct {
	place
	Authority string `arg:"" help:"Id of the authority that works on the applications."`
	Service   string `arg:"" help:"LeiKa key, 14 digits."`
	Amount    string `arg:"" help:"Euros, e.g. 8,00; 0 is free of charge."`
}

func (c *feeCmd) Run(env *cli.Env) error {
	amount, err := money.Parse(c.Amount)
	if err != nil {
		return err
	}
	return c.rooms(env, func(ctx context.Context, p *program) error {
		if err := p.authority(c.Authority); err != nil {
			return err
		}
		s, ok := p.finder.Catalog().Service(c.Service)
		if !ok {
			return fmt.Errorf("no service has the key %q", c.Service)
		}
		if err := p.pay.SetFees(ctx, []pay.FeeSetting{{Authority: c.Authority, LeikaKey: c.Service, Amount: amount}}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(env.Out, "%s, %s: %s\n", p.finder.AuthorityName(c.Authority), s.Name, amount.German())
		return err
	})
}
