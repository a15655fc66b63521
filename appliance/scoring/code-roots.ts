import { join } from 'node:path'

/** Parts of the program that a pixel worker loads. Never the root itself: the data folder may lie in it. */
const CODE = [
  'node_modules',
  'appliance/imaging',
  'appliance/scoring',
  'appliance/workers',
  'appliance/package.json',
  'package.json',
]
const SHARED_CODE = ['sync-agent', 'models']

/** The files and folders of an installation that a worker must be able to read. */
export function workerCodeRoots(programRoot: string): readonly string[] {
  return [...CODE, ...SHARED_CODE].map((part) => join(programRoot, part))
}
