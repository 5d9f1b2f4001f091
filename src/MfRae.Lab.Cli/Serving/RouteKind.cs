namespace MfRae.Lab.Cli.Serving;

/// <summary>What a request asks for: a page, an image that the page links to, events about its changes, or a stop of its run.</summary>
internal enum RouteKind
{
    Page,
    Image,
    Events,
    Stop,
}
