import type { Reporter, SerializedError, TestModule, TestSuite } from 'vitest/node';

/**
 * Ends a run with the plain line `N passed, N failed` (and `, N skipped` if any were).
 *
 * What never became a test counts as a failure too: a file that does not compile, a hook that throws, an error outside
 * every test. A run without a single test fails, or an include pattern that matches nothing would look like success.
 */
export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      count.failed += brokenParts(module);
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        count[state === 'pending' ? 'failed' : state] += 1;
      }
    }
    if (count.failed > 0 || count.passed === 0) process.exitCode = 1;
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed${skipped}\n`);
  }
}

/** The file itself and each of its suites may fail without a failing test: on import, or in a beforeAll. */
function brokenParts(module: TestModule): number {
  const parts: (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
  return parts.filter((part) => part.errors().length > 0).length;
}
