import { type DataSet, sequence, text, uid } from '../imaging/dataset/index.ts'

/** Where the value of an item stands, by its type (PS3.3 table C.17.3-7); containers have none. */
const VALUES: Readonly<Record<string, number>> = {
  CODE: 0x0040a168,
  TEXT: 0x0040a160,
  UIDREF: 0x0040a124,
  NUM: 0x0040a300,
  IMAGE: 0x00081199,
  COMPOSITE: 0x00081199,
  CONTAINER: 0x0040a050,
}

/**
 * Whether every item of a structured document says what it is and has its value, every number its unit, and every object
 * that it speaks of stands among its evidence (PS3.3 C.17.2.3).
 */
export function checkContent(dataSet: DataSet): string | undefined {
  const evidence = new Set(
    sequence(dataSet, 0x0040a375)
      .flatMap((study) => sequence(study, 0x00081115))
      .flatMap((series) => sequence(series, 0x00081199))
      .flatMap((item) => uid(item, 0x00081155) ?? []),
  )
  return itemsFault(dataSet, evidence)
}

function itemsFault(parent: DataSet, evidence: ReadonlySet<string>): string | undefined {
  for (const item of sequence(parent, 0x0040a730)) {
    const fault = itemFault(item, evidence) ?? itemsFault(item, evidence)
    if (fault !== undefined) return fault
  }
  return undefined
}

function itemFault(item: DataSet, evidence: ReadonlySet<string>): string | undefined {
  const kind = text(item, 0x0040a040) ?? ''
  const at = VALUES[kind]
  if (at === undefined || (text(item, 0x0040a010) ?? '') === '') return 'item-without-kind'
  const value = item.elements.get(at)?.value
  if (value === undefined || (value.kind === 'items' && value.items.length === 0)) return 'item-without-value'
  if (kind === 'NUM') {
    const [measured] = sequence(item, at)
    const unit = measured === undefined ? [] : sequence(measured, 0x004008ea)
    if (measured === undefined || unit.length === 0 || (text(measured, 0x0040a30a) ?? '') === '')
      return 'number-without-unit'
  }
  if (kind === 'IMAGE' || kind === 'COMPOSITE') {
    const listed = sequence(item, at).every((one) => evidence.has(uid(one, 0x00081155) ?? ''))
    if (!listed) return 'evidence-missing'
  }
  return undefined
}
