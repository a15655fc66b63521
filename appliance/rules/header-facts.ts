import { type DataSet, numbers, sequence, text, texts } from '../imaging/dataset/index.ts'
import { LONGEST_TEXT } from './condition.ts'
import { hexOf, RECORDED_ATTRIBUTES, type RecordedAttribute } from './recorded-attributes.ts'

const MOST_VALUES = 16
const CODE_VALUE = 0x00080100
const REQUEST_ATTRIBUTES = 0x00400275

/**
 * The attributes of one instance that rules may look at, by tag. Never throws: what cannot be read is absent. Values are cut
 * to a fixed length and number, whatever the object holds.
 */
export function headerTags(dataSet: DataSet): Record<string, string[]> {
  const tags: Record<string, string[]> = {}
  for (const attribute of RECORDED_ATTRIBUTES) {
    const values = valuesOf(dataSet, attribute)
      .map((value) => value.slice(0, LONGEST_TEXT))
      .filter((value) => value !== '')
      .slice(0, MOST_VALUES)
    if (values.length > 0) tags[hexOf(attribute.tag)] = values
  }
  return tags
}

function valuesOf(dataSet: DataSet, { tag, reading }: RecordedAttribute): string[] {
  if (reading === 'codes') return sequence(dataSet, tag).flatMap((item) => text(item, CODE_VALUE) ?? [])
  const values = plainValues(dataSet, tag)
  if (values.length > 0) return values
  // What was ordered may stand in an item for the request, PS3.3 10.6.
  return sequence(dataSet, REQUEST_ATTRIBUTES).flatMap((item) => plainValues(item, tag))
}

function plainValues(dataSet: DataSet, tag: number): string[] {
  const written = texts(dataSet, tag)
  if (written.length > 0) return written
  const element = dataSet.elements.get(tag)
  return element === undefined ? [] : numbers(element).slice(0, MOST_VALUES).map(String)
}
