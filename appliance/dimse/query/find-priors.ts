import { type DataSet, text, texts } from '../../imaging/dataset/index.ts'
import type { Destination } from '../requester/options.ts'
import type { AssociationRequester } from '../requester/requester.ts'
import { KEY } from './identifiers.ts'
import { type CurrentStudy, choosePriors, type PriorCandidate, type PriorRule, priorQuery } from './priors.ts'

/** Studies that an archive may answer with, and series that are looked at for the body part of one study. */
const MAX_CANDIDATES = 200
const MAX_SERIES = 100

/**
 * Asks an archive for the priors of a study by rule. Where body parts matter, the series of the candidates are asked
 * one study after the other, newest first, and only until enough are found.
 * @throws DimseError when the archive cannot be asked.
 */
export async function findPriors(
  requester: AssociationRequester,
  archive: Destination,
  current: CurrentStudy,
  rule: PriorRule,
): Promise<readonly PriorCandidate[]> {
  const keys = priorQuery(current, rule)
  if (keys === undefined) return []
  const candidates: PriorCandidate[] = []
  for await (const match of requester.find(archive, 'STUDY', keys, { maximum: MAX_CANDIDATES }))
    candidates.push(candidateOf(match))
  const anyBodyPart = choosePriors(current, candidates, { ...rule, sameBodyPart: false, maximum: MAX_CANDIDATES })
  if (!rule.sameBodyPart) return choosePriors(current, anyBodyPart, rule)
  const chosen: PriorCandidate[] = []
  for (const candidate of anyBodyPart) {
    if (chosen.length >= rule.maximum) break
    const bodyParts = await bodyPartsOf(requester, archive, candidate.studyInstanceUid)
    chosen.push(...choosePriors(current, [{ ...candidate, bodyParts }], rule))
  }
  return chosen
}

async function bodyPartsOf(
  requester: AssociationRequester,
  archive: Destination,
  studyInstanceUid: string,
): Promise<readonly string[]> {
  const parts = new Set<string>()
  const keys = { [KEY.studyInstanceUid]: studyInstanceUid, [KEY.seriesInstanceUid]: '', [KEY.bodyPartExamined]: '' }
  for await (const series of requester.find(archive, 'SERIES', keys, { maximum: MAX_SERIES })) {
    const part = text(series, KEY.bodyPartExamined)
    if (part !== undefined) parts.add(part)
  }
  return [...parts]
}

function candidateOf(match: DataSet): PriorCandidate {
  return {
    studyInstanceUid: text(match, KEY.studyInstanceUid) ?? '',
    patientId: text(match, KEY.patientId) ?? '',
    issuerOfPatientId: text(match, KEY.issuerOfPatientId) ?? '',
    patientBirthDate: text(match, KEY.patientBirthDate) ?? '',
    studyDate: text(match, KEY.studyDate) ?? '',
    studyTime: text(match, KEY.studyTime) ?? '',
    modalities: texts(match, KEY.modalitiesInStudy),
    bodyParts: [],
  }
}
