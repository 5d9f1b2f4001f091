namespace MfRae.Lab.Reporting;

/// <summary>A page with the content policy that goes into the header of its response.</summary>
public sealed record ServedPage(string Html, string Policy);
