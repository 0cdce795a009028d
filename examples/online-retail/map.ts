/** One row of the file as an event; the event's id is made from the file and the row's number. */
export default (row: Record<string, string | null>) => ({
  customer_id: row["CustomerID"]?.replace(/\.0$/, "") || null,
  event_type: typeOf(row["InvoiceNo"] ?? ""),
  timestamp: row["InvoiceDate"]?.replace(" ", "T"),
  invoice: row["InvoiceNo"],
  stock_code: row["StockCode"],
  description: row["Description"] || null,
  quantity: row["Quantity"],
  unit_price: row["UnitPrice"],
  country: row["Country"],
});

const typeOf = (invoice: string): string =>
  invoice.startsWith("C") ? "refund" : invoice.startsWith("A") ? "adjustment" : "purchase";
