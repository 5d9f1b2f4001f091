using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;

namespace MfRae.Lab.Reporting.Markup;

/// <summary>Reads and renders the templates and assets that are embedded in this assembly.</summary>
internal static class Templates
{
    private static readonly ConcurrentDictionary<string, Template> Parsed = new();

    /// <summary>Renders the template at a path below the project, e.g. `Sections/Verdicts/verdicts.sbn-html`.</summary>
    /// <param name="model">An object whose properties are the variables of the template.</param>
    public static Html Render(string path, object model)
    {
        var values = new ScriptObject();
        values.Import(model);
        return Html.Trusted(Get(path).Render(new HtmlTemplateContext(values)));
    }

    /// <summary>The parsed template at a path.</summary>
    public static Template Get(string path) => Parsed.GetOrAdd(path, static path =>
    {
        var template = Template.Parse(Text(path), path);
        return template.HasErrors ? throw new InvalidOperationException(string.Join('\n', template.Messages)) : template;
    });

    /// <summary>An embedded text with Unix line ends, so that its hash does not depend on the checkout.</summary>
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
/// A template context that escapes every value it writes unless it is <see cref="Html"/>. Scriban by itself escapes nothing, renders
/// misspelt names as empty text, and cuts the output at 1 MiB and loops at 1,000 rounds.
/// </summary>
/// <remarks>
/// Templates have two functions. `part "NAME" value` renders `Sections/Parts/NAME.sbn-html`, which finds the value in `it`. `short hash`
/// gives the first digits of a hash.
/// </remarks>
internal sealed class HtmlTemplateContext : TemplateContext
{
    public HtmlTemplateContext(ScriptObject model)
        : base(new ScriptObject())
    {
        LimitToString = 0;
        LoopLimit = 0;
        StrictVariables = true;
        EnableRelaxedMemberAccess = false;
        BuiltinObject.Import("part", new Func<string, object?, Html>(Part));
        BuiltinObject.Import("short", new Func<string, string>(Numbers.Short));
        PushGlobal(model);
    }

    /// <inheritdoc/>
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

    // The newline at the end of the file is not part of the markup.
    private Html Part(string name, object? it)
    {
        PushGlobal(new ScriptObject { ["it"] = it });
        PushOutput();
        try
        {
            return Html.Trusted(Templates.Get($"Sections/Parts/{name}.sbn-html").Render(this).TrimEnd('\n'));
        }
        finally
        {
            PopOutput();
            PopGlobal();
        }
    }
}
