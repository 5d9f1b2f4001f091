namespace MfRae.Lab.Cli.Serving;

/// <summary>What is asked about a page: itself, an image that it links to, to be told of changes, to stop its run.</summary>
internal enum RouteKind
{
    Page,
    Image,
    Events,
    Stop,
}
