namespace MfRae.Lab.Reporting.Markup;

/// <summary>The script of served pages. It stands before the page's own, which it runs again over content that it put in place.</summary>
internal static class LiveScript
{
    public static string Text => Templates.Text("Assets/live.js");

    /// <summary>The page's script as it is run again: in a block, so that it may declare the same names.</summary>
    public static string Again(string script) => "{" + script + "}";

    public static Html Element(LiveHook hook)
    {
        var data = Html.Of(
            $"data-stamp=\"{hook.Stamp}\" data-events=\"{hook.Events}\" data-token=\"{hook.Token}\" data-stop=\"{hook.Stop ?? ""}\"");
        return Html.Of($"<script {data}>{Html.Trusted(Text)}</script>\n");
    }
}
