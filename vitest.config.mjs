import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Tests run what ships: the compiled output, under the package's own name.
const compiled = (path) => fileURLToPath(new URL(`./dist/${path}`, import.meta.url))

export default defineConfig({
  resolve: { alias: [{ find: /^busbar$/, replacement: compiled('src/index.js') }] },
  test: { include: ['dist/test/**/*.test.js'], isolate: false, testTimeout: 20_000, hookTimeout: 20_000 },
})
