namespace MfRae.Lab.Reporting.Markup;

/// <summary>A rendered section.</summary>
internal sealed record PageSection(string Id, string Title, Html Content);
