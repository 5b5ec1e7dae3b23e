/**
 * The tables of a host, as steps from one version of the file to the next. The version of a file is the number of
 * steps it has had. A step that was released is never changed.
 */
export const migrations: readonly string[] = [
  `
  -- An actor stays for ever, so that its id is never given to another; what it held can be wiped.
  CREATE TABLE actor (
    -- Dense and never used again, so it is also the order of creation.
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    alarm INTEGER,
    summary TEXT,
    -- The last log number that a wipe removed.
    base INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX actor_alarm ON actor (alarm) WHERE alarm IS NOT NULL;
  CREATE INDEX actor_listed ON actor (number) WHERE summary IS NOT NULL;

  CREATE TABLE part (
    actor INTEGER NOT NULL,
    name TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (actor, name)
  ) STRICT, WITHOUT ROWID;

  -- With a rowid the segments of all actors are appended at one end of the tree, whoever they belong to; ordered by
  -- actor they would touch a page for each. That is 2.5 times the rows per second with 100 actors.
  CREATE TABLE segment (
    number INTEGER PRIMARY KEY,
    actor INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  -- By last, because reading asks for the segments that end after a cursor.
  CREATE UNIQUE INDEX segment_last ON segment (actor, last);

  CREATE TABLE fact (
    actor INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (actor, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    actor INTEGER NOT NULL,
    key TEXT NOT NULL,
    effect TEXT NOT NULL,
    UNIQUE (actor, key)
  ) STRICT;
  `,
]
