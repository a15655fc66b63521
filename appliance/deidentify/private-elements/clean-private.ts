import { type DataSet, type Element, isVr, text, texts, traitsOf, type Vr } from '../../imaging/dataset/index.ts'
import { type CleanItem, type CleaningContext, count, gone, kept } from '../clean-context.ts'
import { hasValidSyntax } from '../values.ts'
import { inUtf8, replaceUids, unshifted } from '../values-kept.ts'
import { safePrivate } from './safe-private.ts'

/**
 * A private element under the Retain Safe Private Option (PS3.15 E.3.10): what table E.3.10-1 lists stays, with the
 * creator of its block, when the value is of the VR that the table gives; everything else goes.
 */
export function cleanPrivate(
  source: DataSet,
  element: Element,
  context: CleaningContext,
  clean: CleanItem,
): Element | undefined {
  const { tag } = element
  if (isCreator(tag)) {
    return blockHasSafe(source, tag) ? kept(element, context) : gone(context, 'private-removed')
  }
  const listed = safePrivate(tag, creatorOf(source, tag) ?? '')
  const typed = listed === undefined ? undefined : asVr(element, listed.vr)
  const cleaned = typed === undefined ? undefined : value(source, typed, context, clean)
  return cleaned ?? gone(context, 'private-removed')
}

function value(source: DataSet, element: Element, context: CleaningContext, clean: CleanItem): Element | undefined {
  const { tag, vr, value: content } = element
  if (content.kind === 'items') {
    count(context, 'kept')
    return { tag, vr: 'SQ', value: { kind: 'items', items: content.items.map((item) => clean(item, context, tag)) } }
  }
  if (content.kind !== 'bytes') return undefined
  if (traitsOf(vr).text === 'none') return kept(element, context)
  const dataSet = { ...source, elements: new Map([[tag, element]]) }
  const values = texts(dataSet, tag)
  if (!hasValidSyntax(vr, values)) return undefined
  if (vr === 'UI') {
    return context.options.has('retain-uids') ? kept(element, context) : replaceUids(dataSet, element, context)
  }
  if (vr === 'DA' || vr === 'DT' || vr === 'TM') return unshifted(dataSet, element, context)
  if (context.identifiers.matches(values.join('\\'))) return undefined
  return traitsOf(vr).text === 'charset' ? inUtf8(dataSet, element, context) : kept(element, context)
}

/** In implicit VR a reader that does not know the element calls it UN (PS3.5 6.2.2); the table knows better. */
function asVr(element: Element, vr: string): Element | undefined {
  if (element.vr === vr) return element
  return element.vr === 'UN' && element.value.kind === 'bytes' && isVr(vr) && vr !== 'SQ'
    ? { ...element, vr: vr satisfies Vr }
    : undefined
}

function isCreator(tag: number): boolean {
  const number = tag & 0xffff
  return number >= 0x10 && number <= 0xff
}

/** PS3.5 7.8.1: (gggg,00bb) names who owns (gggg,bb00) to (gggg,bbFF). */
function creatorOf(source: DataSet, tag: number): string | undefined {
  const number = tag & 0xffff
  return number < 0x1000 ? undefined : text(source, ((tag & 0xffff0000) | (number >>> 8)) >>> 0)
}

function blockHasSafe(source: DataSet, creator: number): boolean {
  const name = text(source, creator)
  if (name === undefined) return false
  for (const tag of source.elements.keys()) {
    const isOfBlock = tag >>> 16 === creator >>> 16 && (tag & 0xffff) >>> 8 === (creator & 0xffff)
    if (isOfBlock && safePrivate(tag, name) !== undefined) return true
  }
  return false
}
