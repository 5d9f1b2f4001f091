using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;

namespace MfRae.Lab.Reporting.Markup;

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
