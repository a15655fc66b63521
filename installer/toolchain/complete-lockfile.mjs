#!/usr/bin/env node
// Run after every change of the root lockfile. npm 11 and 12 call a lockfile incomplete when an optional platform
// package that the registry did not serve has no entry, and then `npm ci` refuses to install at all. This adds the
// missing entries (version, os, cpu, optional) so that npm knows it may skip them.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LOCKFILE = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'package-lock.json')
const SYSTEMS = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  win32: 'win32',
  windows: 'win32',
  wasm32: undefined,
}
const PROCESSORS = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x']

const lock = JSON.parse(readFileSync(LOCKFILE, 'utf8'))
const added = []
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue
    lock.packages[`node_modules/${name}`] = { version, ...platformOf(name), optional: true }
    added.push(`${name}@${version}`)
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
writeFileSync(LOCKFILE, `${JSON.stringify(lock, null, 2)}\n`)
console.log(added.length === 0 ? 'The lockfile is complete.' : `Added ${added.length}: ${added.join(', ')}`)

/** Looks where Node would: beside the dependent, then up to the root. */
function isLocked(dependent, name) {
  for (let folder = dependent; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (lock.packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`] !== undefined)
      return true
    if (folder === '') return false
    if (!folder.includes('/node_modules/')) return lock.packages[`node_modules/${name}`] !== undefined
  }
}

function platformOf(name) {
  const words = name.split(/[/-]/)
  const os = words.map((word) => SYSTEMS[word]).find((value) => value !== undefined)
  const cpu = PROCESSORS.find((processor) => words.includes(processor))
  return { ...(os === undefined ? {} : { os: [os] }), ...(cpu === undefined ? {} : { cpu: [cpu] }) }
}
