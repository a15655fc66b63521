import { type ReactNode, useState } from 'react'
import { Given } from './given.tsx'
import { FailurePanel, LoadingPanel } from './panels.tsx'

/** One column: heading, width in em, and the cell of a row. Numbers stand right; only `wraps` breaks lines. */
export interface Column<Row> {
  readonly heading: string
  readonly width: number
  readonly cell: (row: Row) => ReactNode
  readonly numeric?: boolean
  readonly wraps?: boolean
}

/** What a row unfolds to. */
export interface RowDetail<Row> {
  /** Whose detail it is, for those who do not see the row. */
  readonly name: (row: Row) => string
  readonly content: (row: Row) => ReactNode
}

export interface DataTableProps<Row> {
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  /** `undefined` until there is an answer. */
  readonly rows: readonly Row[] | undefined
  readonly rowKey: (row: Row, place: number) => string
  /** Why there is no answer, if so. */
  readonly error?: unknown
  /** What stands in the table when it has no row. */
  readonly empty: ReactNode
  readonly detail?: RowDetail<Row>
  /** Takes the rest of the screen and scrolls inside, its head in sight. */
  readonly fills?: boolean
  /** Few narrow columns: kept together instead of spread over the screen. */
  readonly compact?: boolean
}

/** Width of the column with the button that unfolds a row, in em. */
const EXPANDER_WIDTH = 3

/**
 * A table whose head and columns are there before its rows: loading, empty and failed stand in the body, so nothing
 * moves when the answer comes. Below 48rem each row is a card (see table.css).
 */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, rowKey, detail, fills = false, compact = false } = props
  const width = columns.reduce((sum, column) => sum + column.width, detail === undefined ? 0 : EXPANDER_WIDTH)
  return (
    <section
      className={`table-scroll${fills ? ' fills' : ''}${compact ? ' compact' : ''}`}
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
      tabIndex={0}
    >
      <table style={{ '--table-width': `${width}em` } as React.CSSProperties}>
        <caption className="only-for-reader">{caption}</caption>
        <colgroup>
          {detail !== undefined && <col style={{ width: `${EXPANDER_WIDTH}em` }} />}
          {columns.map((column) => (
            <col key={column.heading} style={{ width: `${column.width}em` }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {detail !== undefined && (
              <th scope="col">
                <span className="only-for-reader">Detail</span>
              </th>
            )}
            {columns.map((column) => (
              <th key={column.heading} scope="col" className={column.numeric === true ? 'numeric' : undefined}>
                {column.heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows === undefined || rows.length === 0 ? (
            <tr>
              <td className="instead" colSpan={columns.length + (detail === undefined ? 0 : 1)}>
                <Instead {...props} />
              </td>
            </tr>
          ) : (
            rows.map((row, place) => <DataRow key={rowKey(row, place)} row={row} columns={columns} detail={detail} />)
          )}
        </tbody>
      </table>
    </section>
  )
}

function Instead<Row>({ rows, error, empty, caption }: DataTableProps<Row>) {
  if (rows !== undefined) return empty
  if (error !== undefined && error !== null) return <FailurePanel error={error} />
  return <LoadingPanel what={caption.toLowerCase()} />
}

function DataRow<Row>({
  row,
  columns,
  detail,
}: {
  readonly row: Row
  readonly columns: readonly Column<Row>[]
  readonly detail: RowDetail<Row> | undefined
}) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <tr data-row>
        {detail !== undefined && (
          <td data-heading="Detail" className="unfolds">
            <button
              type="button"
              className="expander"
              aria-expanded={open}
              aria-label={`Detail of ${detail.name(row)}`}
              onClick={() => setOpen(!open)}
            >
              {open ? '▾' : '▸'}
            </button>
          </td>
        )}
        {columns.map((column) => {
          const content = column.cell(row)
          return (
            <td key={column.heading} data-heading={column.heading} className={classesOf(column)}>
              {typeof content === 'string' ? <Given words={content} /> : content}
            </td>
          )
        })}
      </tr>
      {open && detail !== undefined && (
        <tr>
          <td className="detail" colSpan={columns.length + 1}>
            {detail.content(row)}
          </td>
        </tr>
      )}
    </>
  )
}

function classesOf<Row>(column: Column<Row>): string | undefined {
  return column.numeric === true ? 'numeric' : column.wraps === true ? 'wraps' : undefined
}
