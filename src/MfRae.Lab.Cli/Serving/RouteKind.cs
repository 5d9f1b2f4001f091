namespace MfRae.Lab.Cli.Serving;

/// <summary>What is asked about a page: itself, to be told of changes, to stop its run.</summary>
internal enum RouteKind
{
    Page,
    Events,
    Stop,
}
