import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareWithReference, phantomFeatures, readReferenceTable, referenceTable } from './digital-phantom.ts'

// `node generate-verified.ts` writes the list that `verified` of a feature is read from
const { agree, differ } = compareWithReference(phantomFeatures(), readReferenceTable(referenceTable()))
const path = join(import.meta.dirname, '..', 'reference', 'verified.generated.json')
writeFileSync(path, `${JSON.stringify(agree, undefined, 2)}\n`)
process.stdout.write(`${agree.length} values agree, ${differ.length} differ\n`)
