import { bytesValue, putAt, type Tree, type TreeFile } from '../codec/tree.ts'
import { Dice } from '../dice.ts'
import { type Belonging, plantBasics } from './basic-plants.ts'
import { Draft } from './draft.ts'
import { plantHard } from './hard-plants.ts'
import { jpegOf, withJ2kComment, withJpegComments } from './jpeg.ts'
import { type ModalityKind, putImageAttributes } from './modality.ts'
import { burnText, type PixelShape, phantomPixels } from './pixels.ts'

/** A made image with all plants of its data set. Every third one hides a name behind its last pixel (P4). */
export function madeImage(belonging: Belonging, kind: ModalityKind, dice: Dice): Draft {
  const draft = header(belonging, kind, dice)
  plantHard(draft, belonging, dice)
  // One phantom a kind: what is planted differs, and equal pixels are read once.
  const pixels = phantomPixels(kind.shape, new Dice(`phantom ${kind.name}`))
  const behind = dice.below(3) === 0 ? dice.word() : ''
  if (behind !== '') draft.token(behind, 'P4')
  draft.pixels(vrOf(kind.shape), bytesValue(Buffer.concat([pixels, Buffer.from(behind, 'latin1')])))
  return draft
}

/** P11: a made image with the patient's name in its pixels, in one of many looks. */
export function burnedInImage(belonging: Belonging, kind: ModalityKind, declared: boolean, dice: Dice): Draft {
  const draft = header(belonging, kind, dice)
  const { shape } = kind
  if (declared) draft.put([0x00280301], 'CS', 'YES')
  const pixels = phantomPixels(shape, dice)
  const inverse = dice.below(2) === 0
  if (inverse && shape.samples === 1) draft.put([0x00280004], 'CS', 'MONOCHROME1')
  const high = shape.bits === 8 ? 250 : 4000
  // Dark letters stand on a bright bar: on the dark edge of an image nobody could see them.
  const dark = dice.below(3) === 0
  const lettering = {
    scale: 1 + dice.below(2),
    value: dark ? 0 : high,
    ground: dark ? high : undefined,
    frame: dice.below(shape.frames),
    vertical: dice.below(4) === 0,
  }
  const box = burnText(
    pixels,
    shape,
    `${belonging.patient.given} ${belonging.patient.mrn}`,
    3 + dice.below(20),
    lettering,
  )
  draft.burnedIn(box, vrOf(shape), pixels)
  return draft
}

/** P6: a baseline JPEG with names in COM and APP1 segments and behind its end. */
export async function jpegImage(belonging: Belonging, kind: ModalityKind, dice: Dice): Promise<Draft> {
  const draft = header(belonging, kind, dice)
  const [comment, application, after] = [dice.word(), dice.word(), dice.word()]
  const stream = withJpegComments(
    await jpegOf(phantomPixels(kind.shape, dice), kind.shape),
    comment,
    application,
    after,
  )
  for (const token of [comment, application, after]) draft.token(token, 'P6')
  draft.put([0x00282110], 'CS', '01')
  draft.put([0x00282112], 'DS', '8')
  draft.put([0x00282114], 'CS', 'ISO_10918_1')
  draft.pixels('OB', { kind: 'fragments', fragments: [Buffer.alloc(0), stream] })
  return draft
}

/** A real file with its identities replaced by made ones, and all plants; J2K streams get a comment (P6). */
export function realImage(belonging: Belonging, file: TreeFile, dice: Dice): Draft {
  const tree: Tree = new Map(file.dataSet)
  const draft = new Draft(tree, belonging.patient.set)
  plantBasics(draft, belonging, dice)
  plantHard(draft, belonging, dice)
  const pixels = tree.get(0x7fe00010)
  if (pixels?.value.kind === 'fragments') {
    const comment = dice.word()
    const commented = pixels.value.fragments.map(
      (fragment) => (fragment.length > 6 ? withJ2kComment(fragment, comment) : undefined) ?? fragment,
    )
    if (pixels.value.fragments.length === 2 && commented[1] !== pixels.value.fragments[1]) {
      draft.token(comment, 'P6')
      putAt(tree, [0x7fe00010], pixels.vr, { kind: 'fragments', fragments: commented })
    }
  }
  const stored = tree.get(0x7fe00010)
  if (stored !== undefined) draft.pixels(stored.vr === 'OB' ? 'OB' : 'OW', stored.value)
  return draft
}

function header(belonging: Belonging, kind: ModalityKind, dice: Dice): Draft {
  const draft = new Draft(new Map(), belonging.patient.set)
  plantBasics(draft, belonging, dice)
  putImageAttributes(draft, kind, dice)
  return draft
}

function vrOf(shape: PixelShape): 'OB' | 'OW' {
  return shape.bits === 8 ? 'OB' : 'OW'
}
