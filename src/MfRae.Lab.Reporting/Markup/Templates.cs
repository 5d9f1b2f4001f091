using System.Reflection;
using System.Text;
using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;

namespace MfRae.Lab.Reporting.Markup;

/// <summary>Templates and assets that are embedded in this assembly.</summary>
internal static class Templates
{
    /// <summary>Renders the template at a path below the project, e.g. `Sections/Verdict/verdict.sbn-html`.</summary>
    public static Html Render(string path, object model)
    {
        var template = Template.Parse(Text(path), path);
        if (template.HasErrors)
        {
            throw new InvalidOperationException(string.Join('\n', template.Messages));
        }

        var values = new ScriptObject();
        values.Import(model);
        return Html.Trusted(template.Render(new HtmlTemplateContext(values)));
    }

    /// <summary>An embedded text with Unix line ends, so that hashes of it do not depend on the checkout.</summary>
    public static string Text(string path)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var name = $"{assembly.GetName().Name}.{path.Replace('/', '.')}";
        using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{path} is not embedded");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}

/// <summary>
/// A template context that escapes every value it writes unless it is <see cref="Html"/>. The engine's defaults escape
/// nothing, render misspelt names as nothing, and cut the output at a mebibyte and loops at a thousand rounds.
/// </summary>
internal sealed class HtmlTemplateContext : TemplateContext
{
    public HtmlTemplateContext(ScriptObject model)
    {
        LimitToString = 0;
        LoopLimit = 0;
        StrictVariables = true;
        EnableRelaxedMemberAccess = false;
        PushGlobal(model);
    }

    public override TemplateContext Write(SourceSpan span, object? textAsObject)
    {
        Write(textAsObject switch
        {
            null => "",
            Html html => html.ToString(),
            string text => Html.Text(text).ToString(),
            int or long or bool => Html.Text(ObjectToString(textAsObject)).ToString(),
            _ => throw new InvalidOperationException($"{span}: a template places text and markup, not a {textAsObject.GetType().Name}"),
        });
        return this;
    }
}
