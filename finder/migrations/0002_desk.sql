-- +goose Up
-- A version of a text: of a service for the whole Land (authority_id '') or what an authority adds to it. Versions are
-- kept for good. state: draft, review, returned, scheduled, released, replaced, withdrawn, discarded.
-- modules, words, authors: JSON. master: the version of the whole Land's text that a local one was written beside.
-- change: counts the changes of the row, so that nobody overwrites what they have not seen. Times: micros, 0 = not.
CREATE TABLE finder_text_version (
    id           TEXT PRIMARY KEY,
    service_key  TEXT NOT NULL,
    authority_id TEXT NOT NULL,
    lang         TEXT NOT NULL,
    number       BIGINT NOT NULL,
    state        TEXT NOT NULL,
    change       BIGINT NOT NULL,
    modules      TEXT NOT NULL,
    words        TEXT NOT NULL,
    master       TEXT NOT NULL,
    authors      TEXT NOT NULL,
    author       TEXT NOT NULL,
    author_name  TEXT NOT NULL,
    reviewer     TEXT NOT NULL,
    reviewer_name TEXT NOT NULL,
    review_date  TEXT NOT NULL,
    publish_at   BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    submitted_at BIGINT NOT NULL,
    released_at  BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    UNIQUE (service_key, authority_id, lang, number)
);
-- One version at a time is worked on, one is valid.
CREATE UNIQUE INDEX finder_text_open ON finder_text_version (service_key, authority_id, lang)
    WHERE state IN ('draft', 'review', 'scheduled');
CREATE UNIQUE INDEX finder_text_valid ON finder_text_version (service_key, authority_id, lang) WHERE state = 'released';
CREATE INDEX finder_text_by_state ON finder_text_version (state, authority_id, changed_at, id);

-- What was said about a version.
CREATE TABLE finder_text_comment (
    id         TEXT PRIMARY KEY,
    version_id TEXT NOT NULL,
    at         BIGINT NOT NULL,
    author     TEXT NOT NULL,
    author_name TEXT NOT NULL,
    kind       TEXT NOT NULL,
    body       TEXT NOT NULL
);
CREATE INDEX finder_text_comment_of ON finder_text_comment (version_id, id);

-- What citizens read: a copy of the released version. The catalogue reads only this.
CREATE TABLE finder_release (
    service_key  TEXT NOT NULL,
    authority_id TEXT NOT NULL,
    lang         TEXT NOT NULL,
    version_id   TEXT NOT NULL,
    modules      TEXT NOT NULL,
    words        TEXT NOT NULL,
    released_at  BIGINT NOT NULL,
    PRIMARY KEY (service_key, authority_id, lang)
);

-- Forms and online services elsewhere, for the whole Land (authority_id '') or at one authority.
CREATE TABLE finder_online (
    id           TEXT PRIMARY KEY,
    service_key  TEXT NOT NULL,
    authority_id TEXT NOT NULL,
    kind         TEXT NOT NULL,
    name         TEXT NOT NULL,
    url          TEXT NOT NULL
);
CREATE INDEX finder_online_of ON finder_online (service_key, authority_id, id);

-- Links of released texts and of online services, and how they were when last looked at. source: a module, or 'online'.
CREATE TABLE finder_link (
    service_key  TEXT NOT NULL,
    authority_id TEXT NOT NULL,
    lang         TEXT NOT NULL,
    source       TEXT NOT NULL,
    url          TEXT NOT NULL,
    PRIMARY KEY (service_key, authority_id, lang, source, url)
);
CREATE INDEX finder_link_of ON finder_link (url);
-- state: new, good, moved, broken, refused. due_at: when to look again.
CREATE TABLE finder_link_check (
    url        TEXT PRIMARY KEY,
    state      TEXT NOT NULL,
    status     BIGINT NOT NULL,
    moved_to   TEXT NOT NULL,
    failures   BIGINT NOT NULL,
    checked_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL
);
CREATE INDEX finder_link_due ON finder_link_check (due_at, url);

-- Figures of a day, by authority ('' is the central team).
CREATE TABLE finder_quality (
    day          TEXT NOT NULL,
    authority_id TEXT NOT NULL,
    texts        BIGINT NOT NULL,
    complete     BIGINT NOT NULL,
    readable     BIGINT NOT NULL,
    stale        BIGINT NOT NULL,
    broken       BIGINT NOT NULL,
    PRIMARY KEY (authority_id, day)
);

-- "Was this page helpful?", only counted. reason: '' or one of the list.
CREATE TABLE finder_feedback (
    service_key  TEXT NOT NULL,
    authority_id TEXT NOT NULL,
    day          TEXT NOT NULL,
    helpful      BOOLEAN NOT NULL,
    reason       TEXT NOT NULL,
    times        BIGINT NOT NULL,
    PRIMARY KEY (service_key, authority_id, day, helpful, reason)
);
CREATE TABLE finder_feedback_text (
    id           TEXT PRIMARY KEY,
    service_key  TEXT NOT NULL,
    authority_id TEXT NOT NULL,
    at           BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    body         TEXT NOT NULL
);
CREATE INDEX finder_feedback_text_of ON finder_feedback_text (authority_id, id);

-- Searches of a day by the keyed hash of their words; the words themselves only once they were asked five times.
CREATE TABLE finder_search_count (
    day     TEXT NOT NULL,
    hash    TEXT NOT NULL,
    query   TEXT NOT NULL,
    times     BIGINT NOT NULL,
    fruitless BIGINT NOT NULL,
    clicks  BIGINT NOT NULL,
    PRIMARY KEY (day, hash)
);

-- +goose Down
DROP TABLE finder_search_count;
DROP TABLE finder_feedback_text;
DROP TABLE finder_feedback;
DROP TABLE finder_quality;
DROP TABLE finder_link_check;
DROP TABLE finder_link;
DROP TABLE finder_online;
DROP TABLE finder_release;
DROP TABLE finder_text_comment;
DROP TABLE finder_text_version;
