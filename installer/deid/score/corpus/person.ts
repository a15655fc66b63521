import type { Dice } from '../dice.ts'
import { CHARACTER_SETS, type CharacterSet } from './text-encoding.ts'

/** A made-up person's name as PN text, and the parts of it that must never come out. */
export interface PersonName {
  readonly text: string
  readonly tokens: readonly string[]
}

/** A made-up patient. Nothing of it belongs to anyone. */
export interface Patient {
  readonly index: number
  readonly set: CharacterSet
  readonly name: PersonName
  readonly family: string
  readonly given: string
  readonly mrn: string
  readonly otherId: string
  readonly birthDate: string
  readonly phone: string
  readonly address: string
  readonly mail: string
  readonly mother: PersonName
  readonly physicians: readonly PersonName[]
  readonly institution: string
  readonly department: string
  readonly station: string
  readonly serial: string
  readonly sex: 'F' | 'M' | 'O'
  readonly studies: readonly {
    readonly uid: string
    readonly date: string
    readonly accession: string
    readonly id: string
  }[]
}

/** Names that are anatomy, eponyms or common words too: a rule that trusts a word list meets them here. */
const COLLIDING = ['Hand', 'Baker', 'Crohn', 'Wilson', 'Genou', 'Foot', 'Brust', 'Head']

const HAN = '山田佐藤鈴木高橋渡辺伊東中村小林加吉井上松本清水'
const KANA = 'あいうえおかきくけこさしすせそたちつてとなにぬ'
const HANZI = '王小东张李赵刘陈杨黄周吴徐孙马朱胡林郭何高罗'
const HANGUL = '김희정홍길동이박최강조윤장임한오서신권황안송'

/** Patient number `index` of a corpus. One in four has a name that collides with anatomy or an eponym. */
export function makePatient(dice: Dice, index: number): Patient {
  const set = CHARACTER_SETS[index % CHARACTER_SETS.length] as CharacterSet
  const family = index % 4 === 0 ? dice.pick(COLLIDING) : dice.word(3)
  const given = dice.word(3)
  const place = dice.word()
  return {
    index,
    set,
    name: fullName(dice, set, family, given),
    family,
    given,
    mrn: `${dice.pick(['MRN', 'P', 'H-', ''])}${dice.digits(9)}`,
    otherId: `OTH${dice.digits(8)}`,
    birthDate: dice.date(1931, 2015),
    phone: `+49 ${dice.digits(3)} ${dice.digits(7)}`,
    address: `${dice.digits(3)} ${dice.word()} Road, ${dice.word()}`,
    mail: `${given.toLowerCase()}.${dice.digits(4)}@${place.toLowerCase()}.example`,
    mother: plainName(dice.word(3), dice.word()),
    physicians: Array.from({ length: 4 }, () => plainName(dice.word(3), dice.word())),
    institution: `${place} General Infirmary`,
    department: `${dice.word()} Imaging Unit`,
    station: `${dice.word(2).toUpperCase().slice(0, 9)}${dice.digits(4)}`,
    serial: `SN${dice.digits(9)}`,
    sex: dice.pick(['F', 'M', 'O']),
    studies: Array.from({ length: 2 }, (_, number) => ({
      uid: dice.uid(`study ${number}`),
      date: dice.date(2016, 2024),
      accession: `A${dice.digits(10)}`,
      id: `ST${dice.digits(7)}`,
    })),
  }
}

/** A name in one group, with words that exist nowhere else. */
export function plainName(family: string, given: string): PersonName {
  return { text: `${family}^${given}^^Dr`, tokens: [family, given] }
}

function fullName(dice: Dice, set: CharacterSet, family: string, given: string): PersonName {
  // The family name of a collision is an ordinary word that may stay elsewhere; the given name and the pair may not.
  const tokens = COLLIDING.includes(family) ? [given, `${family}^${given}`] : [family, given, `${family}^${given}`]
  const many = (alphabet: string, count: number): string =>
    Array.from({ length: count }, () => dice.pick([...alphabet])).join('')
  switch (set) {
    case 'ISO_IR 100': {
      const accented = `${dice.word(3)}ü${dice.pick(['ß', 'é', 'ø', 'ñ'])}${dice.word(2).toLowerCase()}`
      return { text: `${family}^${given}^${accented}`, tokens: [...tokens, accented] }
    }
    case 'ISO_IR 192':
    case '\\ISO 2022 IR 87': {
      const [ideographic, phonetic] = [many(HAN, 3), many(KANA, 5)]
      return {
        text: `${family}^${given}=${many(HAN, 2)}^${ideographic}=${many(KANA, 3)}^${phonetic}`,
        tokens: [...tokens, ideographic, phonetic],
      }
    }
    case 'GB18030': {
      const hanzi = many(HANZI, 4)
      return { text: `${family}^${given}=${many(HANZI, 1)}^${hanzi}`, tokens: [...tokens, hanzi] }
    }
    case '\\ISO 2022 IR 149': {
      const [hangul, second] = [many(HANGUL, 4), many(HANGUL, 4)]
      return {
        text: `${family}^${given}=${many(HANGUL, 1)}^${hangul}=${many(HANGUL, 1)}^${second}`,
        tokens: [...tokens, hangul, second],
      }
    }
  }
}
