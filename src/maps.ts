// Map.groupBy() and getOrInsertComputed(), which Node 20 and some browsers lack.

/** The items by their key, keys and items in the order they come in. */
export function grouped<K, T>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) getOrMake(groups, keyOf(item), () => []).push(item);
  return groups;
}

/** The value of the key, which is made where there is none. */
export function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  if (!map.has(key)) map.set(key, make());
  return map.get(key)!;
}
