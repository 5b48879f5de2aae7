const FIRST = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Tony', 'Frances', 'Alan', 'Hedy'];
const LAST = ['Byron', 'Lund', 'Smit', 'Frank', 'Mora', 'Holm', 'Vale', 'Moss', 'Kim', 'Okafor', 'Silva'];
const TOWNS = ['Porto', 'Dublin', 'Uppsala', 'Bristol', 'Rotterdam', 'Graz', 'Aarhus'];

/** A customer list as another system exports it. The same number of rows is the same file, to the byte. */
export function sampleFile(rows: number): File {
  const lines = Array.from({ length: rows }, (_, row) => {
    const name = `"${LAST[(row * 7) % LAST.length]}, ${FIRST[row % FIRST.length]}"`;
    return `${name},person${row}@example.com,${TOWNS[(row * 3) % TOWNS.length]}`;
  });
  return new File([['Full name,E-mail,Town', ...lines].join('\n')], `customers-${rows}.csv`, { type: 'text/csv' });
}
