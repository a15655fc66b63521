export { type ConsolePackage, packageConsole } from './package-console.ts'
export { vettedArchive } from './runtime-archive.ts'
