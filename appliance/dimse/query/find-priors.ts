import { type DataSet, text, texts } from '../../imaging/dataset/index.ts'
import type { Destination } from '../requester/options.ts'
import type { AssociationRequester } from '../requester/requester.ts'
import { KEY } from './identifiers.ts'
import { type CurrentStudy, choosePriors, type PriorCandidate, type PriorRule, priorQuery } from './priors.ts'

/** Studies that an archive may answer with, and series that are looked at for the body part of one study. */
const MAX_CANDIDATES = 200
const MAX_SERIES = 100
const LOOSE = { maximum: MAX_CANDIDATES, sameModality: false, sameBodyPart: false }

/**
 * Asks an archive for the priors of a study by rule. Where body parts matter, or the archive does not tell
 * modalities, the series of the candidates are asked one study after the other, newest first, until enough are found.
 * An archive that tells no body parts has no priors for a rule that wants the same one.
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
  const near = choosePriors(current, candidates, { ...LOOSE, withinDays: rule.withinDays })
  const chosen: PriorCandidate[] = []
  for (const candidate of near) {
    if (chosen.length >= rule.maximum) break
    // Modalities in Study (0008,0061) is optional for an archive; the modality of a series is not (PS3.4 table C.6-3).
    const modalityMissing = rule.sameModality && candidate.modalities.length === 0
    const known = rule.sameBodyPart || modalityMissing ? await withSeries(requester, archive, candidate) : candidate
    chosen.push(...choosePriors(current, [known], rule))
  }
  return chosen
}

/** The candidate with what its series say. */
async function withSeries(
  requester: AssociationRequester,
  archive: Destination,
  candidate: PriorCandidate,
): Promise<PriorCandidate> {
  const bodyParts = new Set<string>()
  const modalities = new Set(candidate.modalities)
  const keys = {
    [KEY.studyInstanceUid]: candidate.studyInstanceUid,
    [KEY.seriesInstanceUid]: '',
    [KEY.modality]: '',
    [KEY.bodyPartExamined]: '',
  }
  for await (const series of requester.find(archive, 'SERIES', keys, { maximum: MAX_SERIES })) {
    const part = text(series, KEY.bodyPartExamined)
    const modality = text(series, KEY.modality)
    if (part !== undefined) bodyParts.add(part)
    if (modality !== undefined) modalities.add(modality)
  }
  return { ...candidate, modalities: [...modalities], bodyParts: [...bodyParts] }
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
