/** Every statement a host runs, by name; each is prepared once. The rows of actors are in the table `fact`. */

export type Statements<Prepared> = ReturnType<typeof prepareStatements<Prepared>>

export function prepareStatements<Prepared>(prepare: (sql: string) => Prepared) {
  return {
    begin: prepare(`BEGIN IMMEDIATE`),
    commit: prepare(`COMMIT`),
    rollback: prepare(`ROLLBACK`),

    putHead: prepare(`
      INSERT INTO actor (id, alarm, summary, base) VALUES (?1, ?2, ?3, ?4)
      ON CONFLICT (id) DO UPDATE SET alarm = ?2, summary = ?3, base = ?4
      RETURNING number`),
    findNumber: prepare(`SELECT number FROM actor WHERE id = ?`),
    findHead: prepare(`
      SELECT number, alarm, summary, base,
        (SELECT max(last) FROM segment WHERE segment.actor = actor.number) AS last
      FROM actor WHERE id = ?`),

    findParts: prepare(`SELECT name, json FROM part WHERE actor = ?`),
    putPart: prepare(`
      INSERT INTO part (actor, name, json) VALUES (?1, ?2, ?3)
      ON CONFLICT (actor, name) DO UPDATE SET json = ?3`),
    removePart: prepare(`DELETE FROM part WHERE actor = ? AND name = ?`),

    addSegment: prepare(`INSERT INTO segment (actor, first, last, text) VALUES (?, ?, ?, ?)`),
    segmentsAfter: prepare(`
      SELECT first, last, text FROM segment WHERE actor = ? AND last > ? ORDER BY last`),
    firstSegment: prepare(`
      SELECT first FROM segment WHERE actor = ? ORDER BY last LIMIT 1`),
    trimSegments: prepare(`DELETE FROM segment WHERE actor = ? AND last <= ?`),
    removeSegments: prepare(`DELETE FROM segment WHERE actor = ?`),

    findRow: prepare(`
      SELECT value FROM fact WHERE actor = (SELECT number FROM actor WHERE id = ?) AND key = ?`),
    putRow: prepare(`
      INSERT INTO fact (actor, key, value) VALUES (?1, ?2, ?3)
      ON CONFLICT (actor, key) DO UPDATE SET value = ?3`),
    removeRow: prepare(`DELETE FROM fact WHERE actor = ? AND key = ?`),
    removeRows: prepare(`DELETE FROM fact WHERE actor = ?`),

    outbox: prepare(`
      SELECT actor.id, outbox.key, outbox.effect
      FROM outbox JOIN actor ON actor.number = outbox.actor ORDER BY outbox.number`),
    putOutbox: prepare(`
      INSERT INTO outbox (actor, key, effect) VALUES (?1, ?2, ?3)
      ON CONFLICT (actor, key) DO UPDATE SET effect = ?3`),
    removeOutbox: prepare(`DELETE FROM outbox WHERE actor = ? AND key = ?`),

    alarms: prepare(`SELECT id, alarm FROM actor WHERE alarm IS NOT NULL ORDER BY alarm LIMIT ?`),
    newest: prepare(`
      SELECT id, summary FROM actor WHERE summary IS NOT NULL ORDER BY number DESC LIMIT ?`),
    newestBefore: prepare(`
      SELECT id, summary FROM actor
      WHERE summary IS NOT NULL AND number < (SELECT number FROM actor WHERE id = ?1)
      ORDER BY number DESC LIMIT ?2`),
    count: prepare(`SELECT count(*) AS count FROM actor WHERE summary IS NOT NULL`),
    ids: prepare(`SELECT id FROM actor ORDER BY number`),
  }
}
