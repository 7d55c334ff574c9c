import type { CatalogueItem, CataloguePage } from "../types/catalogue.js";
import { readPrice } from "./read-price.js";
import { readFields, readList, readMaybe, readNumber, readText } from "./read.js";

function readItem(value: unknown, path: string): CatalogueItem {
  const fields = readFields(value, path);
  const id = readText(fields["id"], `${path}.id`);
  return {
    id,
    title: readMaybe(fields["title"], `${path}.title`, readText) ?? id,
    category: readMaybe(fields["category"], `${path}.category`, readText),
    price: readMaybe(fields["price"], `${path}.price`, readPrice),
  };
}

function readCategory(value: unknown, path: string): { name: string; count: number } {
  const fields = readFields(value, path);
  return { name: readText(fields["name"], `${path}.name`), count: readNumber(fields["count"], `${path}.count`) };
}

export function readCatalogue(value: unknown, path: string): CataloguePage {
  const fields = readFields(value, path);
  return {
    items: readList(fields["items"], `${path}.items`, readItem),
    total: readNumber(fields["total"], `${path}.total`),
    categories: readList(fields["categories"], `${path}.categories`, readCategory),
  };
}
