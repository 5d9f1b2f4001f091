namespace MfRae.Lab.Reporting;

/// <summary>What a page needs to follow the database: it is the same page with one more script.</summary>
/// <param name="Stamp">Of what the page shows; the events name the stamp of what there is.</param>
/// <param name="Events">Path of the server's events about this page.</param>
/// <param name="Token">What a request that changes anything has to carry. It also tells one server from the next.</param>
/// <param name="Stop">Path that stops the run; null where nothing can be stopped.</param>
public sealed record LiveHook(string Stamp, string Events, string Token, string? Stop);
