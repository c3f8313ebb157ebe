// Package signin signs people in by OpenID Connect and remembers them in the database.
//
// Words: a provider (issuer) is the OpenID Connect server that knows people's passwords or cards: Keycloak, BundID behind
// Keycloak, or the demo's embedded one. A flow is one sign-in under way: state, nonce and PKCE verifier, kept in the
// session until the provider sends the browser back. A person is who signed in at least once; a grant is one role at
// one authority. Who holds a grant is staff, everybody else a citizen.
//
// Journey: GET /anmelden explains and offers two doors; POST /anmelden makes a session with the flow and redirects to
// the provider; GET /anmelden/rueckkehr checks everything, writes the person, gives the session a new token and leads
// back to where the person came from; POST /abmelden ends the session here and at the provider.
//
// Middleware puts the identity.Principal into each request's context with one query, and none without a cookie: a
// visitor who only searches has neither cookie nor row. Grants are read by that very query, so a revoked grant is
// gone with the next request. Staff are signed out after 30 minutes without a request.
package signin

import "embed"

// Files are the tables (identity_…), texts (signin.…) and pages of sign-in.
//
//go:embed migrations/*.sql texts/*.json pages/*.html
var Files embed.FS
