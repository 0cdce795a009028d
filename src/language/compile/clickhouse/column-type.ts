import type { ValueType } from "../../schema/field-type.ts";

/** What ClickHouse calls a value of the language, such as `Nullable(Decimal(38, 4))`. */
export function valueTypeSql(type: ValueType, nullable: boolean, lowCardinality = false): string {
  const plain = plainType(type);
  const whole = nullable ? `Nullable(${plain})` : plain;
  return lowCardinality && type.kind === "string" ? `LowCardinality(${whole})` : whole;
}

function plainType(type: ValueType): string {
  switch (type.kind) {
    case "string":
      return "String";
    case "integer":
      return "Int64";
    case "decimal":
      return `Decimal(${type.precision}, ${type.scale})`;
    case "float":
      return "Float64";
    case "boolean":
      return "Bool";
    case "timestamp":
      return "DateTime64(3, 'UTC')";
  }
}
