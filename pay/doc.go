// Package pay is the payment basic service: it demands money for authorities, lets people pay it at a payment provider,
// and keeps the books so that the treasurer sees every cent from the demand to the booking.
//
// Words. A transaction (Zahlungsvorgang) is one demand of an authority, known to people by its Kassenzeichen and to
// other rooms by its Source. An attempt is one try to pay it at the provider. The ledger holds facts: assessed
// (Sollstellung), paid (Ist), overpaid (paid a second time: to be refunded), refunded, cancelled. Each fact is balanced,
// so the ledger's sum is zero at any time. Accounts: receivable (Forderung), assessed (Sollstellung), income
// (Ist-Einnahme), clearing (Verrechnung mit dem Zahlungsanbieter), refund (Verwahrung, zu erstatten).
//
// Journey. Another room calls Request in its transaction and shows the Path. The payer starts an attempt, is sent to the
// provider and back. The standard has no callback: after the way back, at a callback, and by a job that keeps
// asking, the provider's state is fetched, and all three end in one settle, which changes a state only out of INITIAL.
// An attempt may fail or be cancelled; the transaction then stays payable (INITIAL "solange eine andere Zahlart gewählt
// werden kann", XBezahldienste 1.2.0). It ends PAYED by the first attempt that succeeds, or CANCELED by the office. Money
// that arrives later is never income: it is booked as to be refunded.
//
// Kassenzeichen: PPPPP-NNNNNNN-CC. P is the authority's number in this program (from 10001), N counts its transactions
// without gaps, CC are the check digits of ISO/IEC 7064 MOD 97-10 over all digits: they catch every wrong digit and
// every swap of neighbours.
package pay
