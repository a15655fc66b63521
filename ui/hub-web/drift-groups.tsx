import type { DriftList } from '../contract/hub-api.ts'
import { type Column, DataTable } from '../shared/data-table.tsx'
import { EmptyPanel } from '../shared/panels.tsx'
import { siteOf, windowWords } from './drift-words.ts'
import { VersionLink } from './marks.tsx'

type Group = DriftList['groups'][number]

/** All features of one kind together. */
export function DriftGroups({
  groups,
  error,
}: {
  readonly groups: readonly Group[] | undefined
  readonly error: unknown
}) {
  return (
    <DataTable
      caption="Groups of features"
      rows={groups}
      rowKey={(row) => `${row.device}/${row.model.digest}/${row.group}`}
      error={error}
      columns={COLUMNS}
      fills
      empty={
        <EmptyPanel
          title="Nothing can be said of a group yet."
          hint="A group is three features or more that hold enough observations."
        />
      }
    />
  )
}

/** The newest window of each group at each site, the furthest first; only those of which something can be said. */
export function newestGroups(groups: readonly Group[]): Group[] {
  const newest = new Map<string, Group>()
  for (const one of groups.filter(({ level }) => level !== null)) {
    const key = `${one.device}/${one.model.digest}/${one.group}`
    const known = newest.get(key)
    if (known === undefined || known.window.from < one.window.from) newest.set(key, one)
  }
  return [...newest.values()].sort((a, b) => (b.level ?? 0) - (a.level ?? 0))
}

const COLUMNS: readonly Column<Group>[] = [
  { heading: 'Group', width: 9, cell: (row) => row.group },
  { heading: 'Of its limit', width: 8, cell: (row) => row.level?.toFixed(2) ?? '–', numeric: true },
  { heading: 'Concordance', width: 9, cell: (row) => row.concordance?.toFixed(1) ?? '–', numeric: true },
  { heading: 'Moved', width: 8, cell: (row) => `${row.moved} of ${row.features}`, numeric: true },
  { heading: 'Window (UTC)', width: 14, cell: (row) => windowWords(row.window) },
  { heading: 'Site', width: 11, cell: (row) => siteOf(row.device) },
  { heading: 'Model', width: 14, cell: (row) => <VersionLink model={row.model} /> },
]
